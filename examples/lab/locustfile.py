"""Load of the lab, for real Locust: every user places 0.3 orders a second, whatever the answers
take. 25 users make 7.5 orders/s = 450/min, the runbook's 10-20/min times 30.

LAB_ORDERS_PER_USER_PER_S changes the pace; LAB_LIFE_S ends Locust itself after that many seconds,
so that a forgotten lab goes away.
"""

import os
import signal

import gevent
from locust import HttpUser, constant_throughput, events, task

ORDERS_PER_USER_PER_S = float(os.environ.get("LAB_ORDERS_PER_USER_PER_S", "0.3"))
LIFE_S = float(os.environ.get("LAB_LIFE_S", "600"))
ORDER = {
    "userId": "7b2c7a7e-lab",
    "userCurrency": "USD",
    "email": "someone@example.com",
    "address": {"city": "Mountain View", "country": "United States", "zipCode": "94043"},
    "creditCard": {"creditCardExpirationMonth": 1, "creditCardExpirationYear": 2039},
}


@events.init.add_listener
def end_after_life(**_):
    gevent.spawn_later(LIFE_S, os.kill, os.getpid(), signal.SIGTERM)


class Shopper(HttpUser):
    wait_time = constant_throughput(ORDERS_PER_USER_PER_S)

    @task
    def checkout(self):
        # A shop that is just being restarted refuses at once; one that hangs must not stop a user.
        self.client.post("/api/checkout", json=ORDER, timeout=2)
