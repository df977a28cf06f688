"""Two stand-in gateways, a sample backend and a catalogue of defects, to try the harness on.

message    Call, Reply, Handler            a request and an answer, as the lab passes them on
serving    application, Serving            handlers as raw ASGI applications on uvicorn, plain or over TLS
lean       LeanProtocol                    a short way through uvicorn, for load
upstream   Upstream                        how a gateway reaches the backend
pace       paced, telling                  how long the backend takes, for load
backend, backend_guarded   Backend         the sample API (orders and many kinds of answers; what should be guarded)
gateway_aws, gateway_apim                  how the two products behave, written from public facts
resources_aws, settings_apim               how each is configured
authorizers_aws, policies_apim             who else each of them asks before it lets somebody in
issuer, sigv4, certificates, keys          tokens, AWS signatures, client certificates, and what they are made with
waf, doors                                 a small firewall, what stands before the gateways, and back doors
catalogue  DEFECTS, listing                what can be broken on the new side, by suite
ports, servers, serve   Lab, main          all the servers in one process
"""
