"""The data plane: requests out, answers in, by libcurl on the calling thread.

client       Wire                      submit, wait, close: the public face
lane         Lane                      one side: its queue, pace, connections and handles
pace         Pace                      evenly spaced sends, never more than the rate
transfer     Transfer                  one pooled libcurl handle and what it gathers
options      settings                  what every handle of a side is set to
refusal      Gatekeeper                what must never go on the wire
heads        HeadReader                header lines → status, headers, trailers
bodies       BodyReader                wire bytes → Body
coding       decode                    gzip, deflate, br undone, bounded
made         response, exchange …      frozen values made quickly
trouble      reason_of                 libcurl's errors → typed reasons
certificate  read_certificate          PEM → Certificate
"""
