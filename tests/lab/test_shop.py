#!/usr/bin/env python3
"""The shop of the lab: what it prints, in which order it does things, and what it survives."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

import harness
from harness import DEADLINE_S, FlagScript, flag_answer, wait_until

ORDER = '{"userId":"3b1","userCurrency":"CHF","email":"a@example.com"}'
WARNING = "Warning: FeatureFlag 'kafkaQueueProblems' is activated, overloading queue now."
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-11f0-8000-[0-9a-f]{12}"
PLACED = [
    r'\[PlaceOrder\] user_id="3b1" user_currency="CHF"',
    r"payment went through \(transaction_id: %s\)" % UUID,
    r"order placed",
    r'order confirmation email sent to "a@example.com"',
]
HANDED_OVER = [
    r"sending to postProcessor",
    r"Successful to write message\. offset: \d+, duration: \d+(\.\d*[1-9])?(µs|ms|s)",
]
TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{0,8}[1-9])?Z$")
FLAG_300 = flag_answer('{"value":300,"key":"kafkaQueueProblems","reason":"STATIC"}')


class Shop:
    def __init__(self, flag_port=1, kafka="in-process:9092", options=(), flag_host="127.0.0.1"):
        self.folder = tempfile.TemporaryDirectory()
        self.log = os.path.join(self.folder.name, "shop.log")
        self.port = harness.free_port()
        self.process = subprocess.Popen(
            [harness.shop_binary(), "--port", str(self.port), "--log", self.log]
            + ["--flagd", "%s:%d" % (flag_host, flag_port), "--max-life-s", "60"]
            + list(options),
            env={"KAFKA_ADDR": kafka},
        )
        wait_until("listening shop", self.connects)

    def connects(self):
        try:
            self.connect().close()
            return True
        except ConnectionRefusedError:
            return False

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), DEADLINE_S)

    def raw(self, data):
        """Everything that comes back until the shop closes."""
        answer = b""
        with self.connect() as connection:
            connection.sendall(data)
            while True:
                part = connection.recv(65536)
                if not part:
                    return answer
                answer += part

    def post(self, body=ORDER, path="/api/checkout", method="POST"):
        head = "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
        answer = self.raw((head % (method, path, len(body)) + body).encode())
        return int(answer.split()[1]), answer.partition(b"\r\n\r\n")[2]

    def lines(self):
        return [json.loads(line) for line in harness.read_text(self.log).splitlines()][1:]

    def messages(self):
        return [line["message"] for line in self.lines()]

    def anonymous_bytes(self):
        status = harness.read_text("/proc/%d/status" % self.process.pid)
        return int(re.search(r"RssAnon:\s+(\d+) kB", status).group(1)) * 1024

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(DEADLINE_S)
        self.folder.cleanup()
        return status


class ShopTest(unittest.TestCase):
    def shop(self, **kwargs):
        shop = Shop(**kwargs)
        self.addCleanup(lambda: self.assertEqual(shop.stop(), 0))
        return shop

    def flag(self, answer, **kwargs):
        script = FlagScript(answer, **kwargs)
        self.addCleanup(script.close)
        return script

    def assert_messages(self, shop, patterns):
        messages = shop.messages()
        self.assertEqual(len(messages), len(patterns), messages)
        for message, pattern in zip(messages, patterns):
            self.assertRegex(message, "^%s$" % pattern)

    def after_one_order(self, answer):
        """The messages behind the hand-off, with the flag service answering so."""
        shop = self.shop(flag_port=self.flag(answer).port)
        self.assertEqual(shop.post()[0], 200)
        return shop.messages()[len(PLACED + HANDED_OVER) :]

    # -- what it prints --

    def test_an_order_prints_the_demos_lines_in_the_demos_order(self):
        shop = self.shop(flag_port=self.flag(FLAG_300).port)
        status, body = shop.post()
        self.assertEqual(status, 200)
        self.assertRegex(json.loads(body)["orderId"], "^%s$" % UUID)
        done = r"Done with #300 messages for overload simulation\."
        self.assert_messages(shop, PLACED + HANDED_OVER + [re.escape(WARNING), done])

    def test_a_line_is_logrus_json_with_sorted_keys_and_go_timestamps(self):
        shop = self.shop(flag_port=self.flag(FLAG_300).port)
        for _ in range(20):
            shop.post()
        raw = harness.read_text(shop.log).splitlines()
        self.assertEqual(len(raw), 1 + 20 * 8)
        times = []
        for line in raw:
            data = json.loads(line)
            self.assertEqual(list(data), ["message", "severity", "timestamp"])
            compact = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
            self.assertEqual(line, compact)
            self.assertEqual(data["severity"], "info")
            self.assertRegex(data["timestamp"], TIME)
            times.append(data["timestamp"].rstrip("Z").ljust(30, "0"))
        self.assertEqual(times, sorted(times))

    def test_a_client_cannot_break_or_forge_a_log_line(self):
        shop = self.shop()
        shop.post('{"userId":"a\\n\x1b[2J\x01<b>&\x7f","userCurrency":"\\"}","email":"x\ny"}')
        lines = harness.read_text(shop.log).splitlines()
        self.assertEqual(len(lines), 1 + len(PLACED + HANDED_OVER))
        for line in lines:
            self.assertRegex(json.loads(line)["message"], r"^[ -~µ]*$")
            self.assertNotRegex(line, "[<>&]")

    def test_a_log_is_appended_to(self):
        shop = self.shop()
        other = subprocess.run(
            [harness.shop_binary(), "--port", str(harness.free_port()), "--log", shop.log]
            + ["--max-life-s", "1"],
            timeout=DEADLINE_S,
        )
        self.assertEqual(other.returncode, 0)  # and it ended by itself
        self.assertEqual(len(harness.read_text(shop.log).splitlines()), 2)

    # -- the hand-off comes before the flag --

    def test_the_flag_is_asked_only_behind_the_hand_off(self):
        seen = []
        script = self.flag(FLAG_300, on_request=lambda: seen.append(shop.messages()))
        shop = self.shop(flag_port=script.port)
        shop.post()
        self.assertEqual(len(seen), 1)
        self.assertRegex(seen[0][-1], "^%s$" % HANDED_OVER[-1])
        request = script.requests[0]
        self.assertTrue(
            request.startswith(b"POST /ofrep/v1/evaluate/flags/kafkaQueueProblems HTTP/1.1\r\n")
        )
        self.assertTrue(request.endswith(b'\r\n\r\n{"context":{}}'))

    def test_without_a_kafka_address_nothing_is_handed_over_or_asked(self):
        script = self.flag(FLAG_300)
        shop = self.shop(flag_port=script.port, kafka="")
        self.assertEqual(shop.post()[0], 200)
        self.assert_messages(shop, PLACED)
        self.assertEqual(script.connections, 0)

    def test_a_failing_hand_off_means_the_flag_is_not_asked(self):
        for mode, error in (("fail", "context canceled"), ("block", "context deadline exceeded")):
            script = self.flag(FLAG_300)
            options = ["--handoff", mode, "--handoff-deadline-ms", "50"]
            shop = self.shop(flag_port=script.port, options=options)
            self.assertEqual(shop.post()[0], 200)
            text = "Failed to send message to Kafka within context deadline: " + error
            self.assert_messages(shop, PLACED + [HANDED_OVER[0], text])
            self.assertEqual(shop.lines()[-1]["severity"], "error")
            self.assertEqual(script.connections, 0)

    def test_a_refused_write_still_asks_the_flag_as_the_demo_does(self):
        shop = self.shop(flag_port=self.flag(FLAG_300).port, options=["--handoff", "reject"])
        shop.post()
        messages = shop.messages()
        self.assertTrue(messages[5].startswith("Failed to write message: "), messages)
        self.assertEqual(messages[6], WARNING)

    # -- the flag's value --

    def test_only_a_value_above_zero_overloads(self):
        silent = [
            '{"value":0,"key":"kafkaQueueProblems","reason":"STATIC","variant":"off"}',
            '{"value":-5}',
            '{"key":"kafkaQueueProblems","reason":"DISABLED","metadata":{"value":300}}',
            '{"key":"\\"value\\":300"}',
            '{"value":"300"}',
            '{"value":true}',
            '{"value":null}',
            '{"value":1e+21}',
            '{"value":0.25}',
            '{"value":99999999999999999999}',
            '{"value":',
            "",
        ]
        for body in silent:
            self.assertEqual(self.after_one_order(flag_answer(body)), [], body)
        for status in ("404 Not Found", "405 Method Not Allowed", "500 Internal Server Error"):
            self.assertEqual(self.after_one_order(flag_answer('{"value":300}', status)), [])
        for junk in (b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n" + b'{"value":300}'):
            self.assertEqual(self.after_one_order(junk), [])

    def test_a_body_with_only_a_value_is_enough(self):
        for body, count in (('{"value": 300}', 300), ('{"x":{"value":1},"value":7}', 7)):
            messages = self.after_one_order(flag_answer(body))
            self.assertEqual(
                messages, [WARNING, "Done with #%d messages for overload simulation." % count]
            )

    def test_the_rpc_of_flagd_is_asked_and_its_number_in_quotes_understood(self):
        flag = self.flag(flag_answer('{"value":"300","reason":"STATIC","variant":"on"}'))
        shop = self.shop(flag_port=flag.port, options=["--flag-api", "connect"])
        shop.post()
        line, _, rest = flag.requests[0].partition(b"\r\n")
        self.assertEqual(line, b"POST /flagd.evaluation.v1.Service/ResolveInt HTTP/1.1")
        self.assertEqual(
            json.loads(rest.partition(b"\r\n\r\n")[2]), {"flagKey": "kafkaQueueProblems", "context": {}}
        )
        self.assertEqual(shop.messages()[-1], "Done with #300 messages for overload simulation.")

    def test_over_ofrep_a_number_in_quotes_is_no_number(self):
        messages = self.after_one_order(flag_answer('{"value":"300"}'))
        self.assertEqual(messages, [])

    def test_the_flag_service_may_be_named_and_an_unknown_name_means_the_default(self):
        flag = self.flag(FLAG_300)
        named = self.shop(flag_port=flag.port, flag_host="localhost")
        named.post()
        self.assertEqual(len(flag.requests), 1)
        unknown = self.shop(flag_port=flag.port, flag_host="no.such.host.invalid")
        self.assertEqual(unknown.post()[0], 200)
        self.assertNotIn(WARNING, unknown.messages())

    def test_it_listens_where_it_is_told_to(self):
        port = harness.free_port()
        options = ["--listen", "127.0.0.2", "--port", str(port), "--max-life-s", "60"]
        shop = subprocess.Popen([harness.shop_binary(), *options], stdout=subprocess.DEVNULL)
        self.addCleanup(shop.wait, DEADLINE_S)
        self.addCleanup(shop.terminate)

        def answers():
            try:
                socket.create_connection(("127.0.0.2", port), DEADLINE_S).close()
                return True
            except ConnectionRefusedError:
                return False

        wait_until("shop on another address", answers)

    def test_a_flag_service_that_is_gone_or_mute_does_not_hold_an_order(self):
        mute = self.flag(None)
        for port in (mute.port, harness.free_port()):
            shop = self.shop(flag_port=port, options=["--flag-timeout-ms", "100"])
            self.assertEqual(shop.post()[0], 200)
            self.assertEqual(len(shop.messages()), len(PLACED + HANDED_OVER))
        self.assertEqual(len(mute.requests), 1)

    def test_the_connection_to_the_flag_service_is_kept_and_renewed(self):
        script = self.flag(FLAG_300)
        shop = self.shop(flag_port=script.port)
        for _ in range(12):
            shop.post()
        self.assertEqual(len(script.requests), 12)
        self.assertLessEqual(script.connections, 4)  # one for each worker
        closing = self.flag(FLAG_300, close_after=True)
        shop = self.shop(flag_port=closing.port)
        for _ in range(12):
            shop.post()
        self.assertEqual(shop.messages().count(WARNING), 12)

    # -- memory --

    def test_the_ballast_is_there_at_start_and_little_more(self):
        shop = self.shop()
        self.assertGreaterEqual(shop.anonymous_bytes(), 8 << 20)
        self.assertLess(shop.anonymous_bytes(), 9 << 20)

    def test_the_pile_is_touched_memory(self):
        script = self.flag(flag_answer('{"value":20000}'))
        shop = self.shop(flag_port=script.port, options=["--drain-per-s", "0"])
        shop.post()
        before = shop.anonymous_bytes()
        shop.post()
        # 128 bytes are a chunk of 144 for malloc.
        self.assertAlmostEqual(shop.anonymous_bytes() - before, 20000 * 144, delta=100_000)

    def test_every_page_of_a_message_is_touched(self):
        script = self.flag(flag_answer('{"value":50}'))
        shop = self.shop(flag_port=script.port, options=["--message-bytes", "65536"])
        before = shop.anonymous_bytes()
        shop.post()
        self.assertGreater(shop.anonymous_bytes() - before, 50 * 65536)

    def test_an_order_without_the_flag_leaves_memory_alone(self):
        shop = self.shop(flag_port=self.flag(flag_answer('{"value":0}')).port)
        for _ in range(20):
            shop.post()
        before = shop.anonymous_bytes()
        for _ in range(200):
            shop.post()
        self.assertLess(shop.anonymous_bytes() - before, 64 << 10)

    def test_the_pile_drains_and_its_room_is_used_again(self):
        script = self.flag(flag_answer('{"value":5000}'))
        shop = self.shop(flag_port=script.port, options=["--drain-per-s", "1000000"])
        shop.post()
        first = shop.anonymous_bytes()
        for _ in range(20):
            time.sleep(0.02)  # time is what drains: 20000 messages of 5000
            shop.post()
        self.assertLess(shop.anonymous_bytes() - first, 15 * 5000 * 144)

    def test_the_pile_is_bounded(self):
        script = self.flag(flag_answer('{"value":900000000}'))
        shop = self.shop(flag_port=script.port, options=["--queue-max-bytes", str(2 << 20)])
        for _ in range(5):
            self.assertEqual(shop.post()[0], 200)
        self.assertLess(shop.anonymous_bytes(), 12 << 20)

    # -- HTTP --

    def test_other_requests_get_their_status(self):
        shop = self.shop()
        self.assertEqual(shop.post("", "/", "GET"), (200, b"shop\n"))
        self.assertEqual(shop.post("", "/healthz", "GET"), (200, b"ok\n"))
        self.assertEqual(shop.post("", "/nothing", "GET")[0], 404)
        self.assertEqual(shop.post("", "/api/checkout", "GET")[0], 405)
        self.assertEqual(shop.post("x" * 5000)[0], 413)
        for data, status in (
            (b"GET /" + b"a" * 5000, b"431"),
            (b"POST /api/checkout HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", b"411"),
            (b"POST /api/checkout HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n", b"413"),
        ):
            self.assertEqual(shop.raw(data).split()[1], status)
        self.assertEqual(shop.messages(), [])

    def test_requests_in_one_packet_and_in_single_bytes_are_all_served(self):
        shop = self.shop()
        one = "POST /api/checkout HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s"
        one = (one % (len(ORDER), ORDER)).encode()
        last = b"GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n"
        answers = shop.raw(one * 3 + last)
        self.assertEqual(answers.count(b"HTTP/1.1 200 OK"), 4)
        with shop.connect() as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for at in range(len(one)):
                connection.sendall(one[at : at + 1])
            self.assertTrue(connection.recv(4096).startswith(b"HTTP/1.1 200 OK"))
        self.assertEqual(shop.messages().count("order placed"), 4)

    def test_connections_are_bounded_and_come_free_again(self):
        shop = self.shop()
        crowd = [shop.connect() for _ in range(64)]
        late = shop.connect()
        late.sendall(b"GET /healthz HTTP/1.1\r\n\r\n")
        late.settimeout(0.3)
        with self.assertRaises(socket.timeout):
            late.recv(100)
        for connection in crowd:
            connection.close()
        late.settimeout(DEADLINE_S)
        self.assertTrue(late.recv(100).startswith(b"HTTP/1.1 200"))
        late.close()

    def test_it_ends_cleanly_with_a_request_under_way(self):
        shop = Shop(options=["--handoff", "block", "--handoff-deadline-ms", "60000"])
        with shop.connect() as connection:
            connection.sendall(b"POST /api/checkout HTTP/1.1\r\nContent-Length: 0\r\n\r\n")
            wait_until("order under way", lambda: "sending to postProcessor" in shop.messages())
            self.assertEqual(shop.stop(), 0)

    def test_an_option_that_is_not_usable_is_named(self):
        unusable = (["--port", "0"], ["--handoff", "maybe"], ["--flagd", "host"], ["--flagd", "host:0"])
        unusable += (["--listen", "host"], ["--flag-api", "grpc"], ["--nope"])
        for options in unusable:
            done = subprocess.run(
                [harness.shop_binary()] + options, capture_output=True, timeout=DEADLINE_S
            )
            self.assertEqual(done.returncode, 2)
            self.assertIn(options[0].encode(), done.stderr.splitlines()[0])


if __name__ == "__main__":
    sys.exit(harness.main(__name__))
