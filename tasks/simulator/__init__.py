"""A pretend Seedance provider: a real HTTP server that speaks every provider's dialect.

    manage.py simulator --port 8901      prints one line when it listens
    GET  /                               {slug: base URL} of every provider
    any key that begins with sim-        is accepted; any other answers 401

Tasks move from queued to running to their end. Dice that are seeded with the task's id decide how
they end: about one task in ten fails or expires. `--no-accidents` ends that: a task then fails only
where its prompt asks for it. Words in the prompt overrule the dice:

    sim:ok                  succeeds, whatever the dice say
    sim:queue=3 sim:run=5   seconds in the queue and at work (divided by --speed)
    sim:fail=CODE           fails with an Ark error code (OutputVideoSensitiveContentDetected …)
    sim:refuse=CODE         the create is refused with 400 and this code
    sim:expire              expires instead of finishing
    sim:cancel              is cancelled in the queue, by somebody at the provider's console
    sim:stuck               runs for ever
    sim:novideo             succeeds without a URL
    sim:behind              new-api: the gateway's upstream is a gateway; =dead: so is its link
    sim:link=60             its links live 60 seconds instead of a day
    sim:media=KIND          its file answers badly: drip, truncated, empty, html, 403, 404, 500, 503

The header `X-Sim-Steer: ok queue=3 link=60` does the same and leaves the prompt alone.

The name of a key can ask for behaviour as well:

    sim-fault-KIND[-retry-after-N][-on-OPERATION][-Npct]    see below
    sim-notopen-…           models are not activated
    sim-…-quota0            a gateway token without money
    sim-limits-…            Ark's real limits: 20 GET and 1 list a second

Faults: 429 500 503 html empty truncated drip wrong-id lost-create (the task is created and the
answer lost) dropped-create (the answer is lost and no task created). OPERATION is create, get,
list, delete or media. Ask by key; by header `X-Sim-Fault: 429;retry-after=7;on=get;share=20`; by
query `?sim_fault=500`; or at run time for a key (or for `media`):

    PUT    /_sim/faults/<key>   {"fault": "429", "retry_after": 7, "on": "get", "share": 20}
    DELETE /_sim/faults/<key>
    GET    /_sim/counts         requests by operation, by key, by task; faults by kind

`X-Sim-Created-Ago: 90000` on a create makes a task that is 25 hours old. Every clip is H.264,
even where the provider itself would send 10-bit HEVC (2.0 in 4k, 2.5 in 1080p).

It needs the standard library only, plus tasks/providers/catalog/models.py.
"""
