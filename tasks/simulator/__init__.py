"""A pretend Seedance provider: a real HTTP server, fluent in every provider's dialect.

    manage.py simulator --port 8901      prints one line when it listens
    GET  /                               {slug: base URL} of every provider
    any key that begins with sim-        is accepted; any other answers 401

Tasks move queued → running → an ending, chosen by dice that know the task's id: nine in ten
succeed. Words in the prompt overrule the dice:

    sim:ok                  succeeds, whatever the dice say
    sim:queue=3 sim:run=5   seconds in the queue and at work (divided by --speed)
    sim:fail=CODE           fails with an Ark error code (OutputVideoSensitiveContentDetected …)
    sim:refuse=CODE         the create is refused with 400 and this code
    sim:expire              expires instead of finishing
    sim:cancel              somebody cancels it at the provider's console, out of the queue
    sim:stuck               runs for ever
    sim:novideo             succeeds without a URL
    sim:link=60             its links live 60 seconds instead of a day
    sim:media=WISH          its file answers badly: drip, truncated, empty, html, 403, 404, 500, 503

The header `X-Sim-Steer: ok queue=3 link=60` wishes the same without touching the prompt.

What a key's name may ask for: sim-fault-KIND[-retry-after-N][-on-OPERATION][-Npct] (below),
sim-notopen-… (models are not activated), sim-…-quota0 (a gateway token without money),
sim-limits-… (Ark's real limits: 20 GET and 1 list a second).

Faults: 429 500 503 html empty truncated drip wrong-id lost-create (made, and the answer lost)
dropped-create (the answer lost, and nothing made); OPERATION is create, get, list, delete or media.
By key; by header `X-Sim-Fault: 429;retry-after=7;on=get;share=20`; by query `?sim_fault=500`; or at
run time for a key (or for `media`):

    PUT    /_sim/faults/<key>   {"fault": "429", "retry_after": 7, "on": "get", "share": 20}
    DELETE /_sim/faults/<key>
    GET    /_sim/counts         requests by operation, by key, by task; faults by kind

`X-Sim-Created-Ago: 90000` on a create makes a task that is 25 hours old. Every clip is H.264,
also where the provider itself would send 10-bit HEVC (2.0 in 4k, 2.5 in 1080p).

Standard library only, plus tasks/providers/catalog.py.
"""
