"""Two stand-in gateways, a sample backend and a catalogue of defects, to try the harness on.

message    Call, Reply, Handler            a request and an answer, as the lab passes them on
serving    application, Serving            handlers as raw ASGI applications on uvicorn
upstream   Upstream                        how a gateway reaches the backend
backend    Backend                         the sample API (orders and many kinds of answers)
gateway_aws, gateway_apim                  how the two products behave, written from public facts
catalogue  DEFECTS, listing                what can be broken on the new side
serve      Lab, main                       the three servers in one process
"""
