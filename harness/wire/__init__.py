"""The data plane: requests out, answers in, by libcurl on the calling thread.

client               Wire                      submit, wait, close: the public face
lane                 Lane                      one side or door: its queue, pace and pools
pool                 Pool                      connections and handles that show one client certificate, or none
pace                 Pace                      evenly spaced sends, never more than the rate
transfer             Transfer                  one pooled libcurl handle and what it gathers
options              settings                  what every handle of a side is set to
refusal              Gatekeeper                what must never go on the wire
client_certificate   unusable                  client certificates that cannot be shown
heads                HeadReader                header lines → status, headers, trailers
bodies               BodyReader                wire bytes → Body
coding               decode                    gzip, deflate, br undone, bounded
made                 response, exchange …      frozen values made quickly
trouble              reason_of                 libcurl's errors → typed reasons
certificate          read_certificate          PEM → Certificate

Below HTTP, one connection at a time on plain sockets:

address              address_of                where a gateway's connections go
raw                  talk                      raw bytes out, whatever HTTP answers come in
tls                  look                      what a TLS endpoint does for one name
tls_hello            say_hello                 one protocol version offered by hand
ports                knock                     whether a port takes connections
"""
