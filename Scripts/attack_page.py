#!/usr/bin/env python3
"""Attacks the page of `recolor serve` as other pages, programs and people would, and prints what came of it.

Each attack has a line; one that gets through is marked FAILED, and the exit code is then 1. All requests go to servers
that this script starts on 127.0.0.1, with files of a temporary folder.

usage: Scripts/attack_page.py PATH/TO/recolor
needs: Python 3.9
"""

import json
import os
import pathlib
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.dont_write_bytecode = True
from page import program  # noqa: E402


class Server(program.Server):
    """A process of `recolor serve`, and bytes for it that are no proper requests."""

    def head(self, method, target, *headers):
        """Returns the head of a request."""
        lines = [f"{method} {target} HTTP/1.1", f"Host: 127.0.0.1:{self.port}", *headers]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    def raw(self, text, timeout=20):
        """Sends bytes, and returns what comes back until the connection ends."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=timeout) as connection:
            connection.sendall(text)
            return received(connection)

    def is_alive(self):
        return self.process.poll() is None


def received(connection):
    parts = []
    try:
        while part := connection.recv(1 << 16):
            parts.append(part)
    except OSError:
        pass
    return b"".join(parts)


class Page(program.Events):
    """A page, and photographs for it."""

    def __init__(self, server):
        super().__init__(server.port)
        self.server = server

    def upload(self, data, name="a.png"):
        return self.server.request(
            "POST", f"/api/photographs?session={self.session}&name={urllib.parse.quote(name, safe='')}", data
        )

    def wait(self, photograph):
        for _ in range(600):
            report = json.loads(self.server.request("GET", f"/api/photographs/{photograph}?session={self.session}")[2])
            if report["state"] in ("done", "failed"):
                return report
            time.sleep(0.05)
        return {}


def png(width, height, rows=None):
    """Returns a PNG file of gray pixels; the pixels may be fewer than the head says."""
    compressor = zlib.compressobj(9)
    data = b""
    for _ in range(height if rows is None else rows):
        data += compressor.compress(bytes(width + 1))
    data += compressor.flush()
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", data), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(program.chunk(*part) for part in parts)


failures = 0


def report(name, is_repelled, told):
    global failures
    failures += not is_repelled
    print(f"{'repelled' if is_repelled else 'FAILED  '}  {name}: {told}", flush=True)


def status(answer):
    return int(answer.split()[1]) if answer.startswith(b"HTTP/1.1 ") else 0


def wrong_hosts(server):
    got = {}
    for host in [
        "evil.example",
        f"evil.example:{server.port}",
        f"127.0.0.1.evil.example:{server.port}",
        "127.0.0.1:1",
        f"169.254.169.254:{server.port}",
        "",
        f"127.0.0.1:{server.port}@evil.example",
    ]:
        got[host] = status(server.raw(f"GET /api/state HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()))
    got["none"] = status(server.raw(b"GET /api/state HTTP/1.1\r\nConnection: close\r\n\r\n"))
    report("wrong Host (DNS rebinding)", all(code in (400, 403) for code in got.values()), sorted(set(got.values())))


def visit(site, dest):
    """Returns the headers that a browser adds where a link or a frame of another page leads to the server."""
    return {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": dest}


def foreign_origins(server, page, run):
    got = set()
    for origin in [
        "http://evil.example",
        "null",
        f"https://127.0.0.1:{server.port}",
        f"http://127.0.0.1:{server.port}.evil.example",
    ]:
        for method, target in [
            ("GET", "/api/state"),
            ("POST", f"/api/runs/{run}/stop"),
            ("POST", f"/api/photographs?session={page.session}&name=a"),
            ("POST", f"/api/sessions/{page.session}/close"),
            ("DELETE", f"/api/photographs/x?session={page.session}"),
        ]:
            got.add(server.request(method, target, b"x" if method == "POST" else None, {"Origin": origin})[0])
    for site in ["cross-site", "same-site"]:
        got.add(server.request("GET", "/api/runs", headers={"Sec-Fetch-Site": site})[0])
        for target, dest in [("/api/runs", "document"), ("/", "iframe"), ("/", "image")]:
            got.add(server.request("GET", target, headers=visit(site, dest))[0])
        got.add(server.request("POST", f"/api/runs/{run}/stop", b"", visit(site, "document"))[0])
    report("foreign Origin", got == {403}, sorted(got))
    # A form of another page sends no header of its own, and before an Origin was usual, none.
    answer = server.raw(server.head("POST", f"/api/runs/{run}/stop", "Content-Length: 0", "Connection: close"))
    report("cross-site form without Origin", status(answer) == 403, status(answer))
    preflight = server.request(
        "OPTIONS", "/api/runs", headers={"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"}
    )
    report(
        "CORS preflight",
        preflight[0] in (403, 405) and not any(name.lower().startswith("access-control") for name in preflight[1]),
        preflight[0],
    )


def traversal(server, page, photograph, run, secret):
    words = [
        "../../../../etc/passwd",
        "..%2f..%2f..%2fetc%2fpasswd",
        "%2e%2e/%2e%2e/etc/passwd",
        "....//etc/passwd",
        "/etc/passwd",
        "%2fetc%2fpasswd",
        "..%5c..%5cetc%5cpasswd",
        "%00",
        "file:///etc/passwd",
        f"{secret}",
        urllib.parse.quote(secret, safe=""),
        "..",
        ".",
        "%c0%ae%c0%ae/etc/passwd",
    ]
    places = [
        "/{}",
        "/assets/{}",
        "/assets/../{}",
        "/api/runs/{}",
        "/api/runs/{}/report",
        f"/api/runs/{run}/samples/{{}}",
        f"/api/runs/{run}/series?tag={{}}",
        f"/api/runs/{run}/series?from={{}}",
        "/api/report?run={}",
        f"/api/photographs/{{}}/colored?session={page.session}",
        "/api/photographs?session={}",
        f"/api/photographs/{photograph}/colored?session={page.session}&format={{}}",
        f"/api/photographs/{photograph}/colored?session={page.session}&strength={{}}",
        f"/api/photographs/{photograph}/original?session={page.session}&size={{}}",
        f"/api/archives/{{}}?session={page.session}",
        "/api/events?session={}x/../{}",
    ]
    leaks, codes = [], {}
    for place in places:
        for word in words:
            if place.startswith("/api/events"):
                continue
            target = place.replace("{}", word)
            answer = server.raw(
                f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nConnection: close\r\n\r\n".encode()
            )
            codes[status(answer)] = codes.get(status(answer), 0) + 1
            if b"root:" in answer or b"the secret of this test" in answer:
                leaks.append(target)
    target = f"/api/photographs?session={page.session}&name=a"
    for key in ["model", "workingSize"]:
        for word in words:
            server.raw(
                server.head("POST", f"{target}&{key}={word}", "X-Recolor: 1", "Content-Length: 1", "Connection: close")
                + b"x"
            )
    report(
        "path traversal in every parameter",
        not leaks and 500 not in codes and server.is_alive(),
        codes if not leaks else leaks,
    )


def long_bodies(server, page):
    target = f"/api/photographs?session={page.session}&name=a"
    head = f"POST {target} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nX-Recolor: 1\r\n"
    start, before = time.time(), server.memory()
    answer = server.raw((head + "Content-Length: 10000000000\r\n\r\n").encode() + bytes(1 << 20))
    report(
        "10 GB Content-Length",
        status(answer) == 413 and time.time() - start < 30,
        f"{status(answer)}, +{server.memory() - before} MiB",
    )
    for length in ["-1", "99999999999999999999", "1, 2", "0x10", "+5"]:
        answer = server.raw((head + f"Content-Length: {length}\r\n\r\n").encode(), timeout=30)
        if status(answer) not in (0, 400, 413):
            report(f"Content-Length {length}", False, status(answer))
    answer = server.raw(
        (
            head + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /api/state HTTP/1.1\r\n\r\n"
        ).encode()
    )
    report("request smuggling by two lengths", answer.count(b"HTTP/1.1 2") == 0, status(answer))
    start, sent = time.time(), 0
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall((head + "Transfer-Encoding: chunked\r\n\r\n").encode())
        part = b"10000\r\n" + bytes(1 << 16) + b"\r\n"
        try:
            while time.time() - start < 30:
                connection.sendall(part)
                sent += len(part)
        except OSError:
            pass
    report(
        "chunked without end", time.time() - start < 25, f"closed after {sent >> 20} MiB, {time.time() - start:.1f} s"
    )
    start, sent = time.time(), 0
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\n")
        try:
            while time.time() - start < 30:
                connection.sendall(b"X-A: " + b"a" * 4096 + b"\r\n")
                sent += 4103
        except OSError:
            pass
    report("endless head", time.time() - start < 25 and server.memory() < 1024, f"closed after {sent >> 10} KiB")


def slow_clients(server, page, count=200):
    start = time.time()
    target = f"/api/photographs?session={page.session}&name=a"
    head = server.head("POST", target, "X-Recolor: 1", "Content-Length: 1000000")
    connections = []
    for index in range(count):
        connection = socket.create_connection(("127.0.0.1", server.port), timeout=20)
        connection.sendall(b"GET / HTTP/1.1\r\nX: " if index % 3 == 0 else head if index % 3 == 1 else b"")
        connections.append(connection)
    open_ = list(connections)
    worst = 0.0
    while open_ and time.time() - start < 60:
        for connection in list(open_):
            try:
                connection.setblocking(False)
                connection.send(b"a")
                if connection.recv(1 << 12) == b"":
                    open_.remove(connection)
            except BlockingIOError:
                pass
            except OSError:
                open_.remove(connection)
        asked = time.time()
        if server.request("GET", "/api/state")[0] != 200:
            break
        worst = max(worst, time.time() - asked)
        time.sleep(1)
    for connection in connections:
        connection.close()
    report(
        f"slowloris, {count} connections",
        not open_ and worst < 1,
        f"all closed after {time.time() - start:.0f} s; others waited {worst * 1000:.0f} ms at most",
    )


def slow_readers(server, page, photograph):
    start = time.time()
    connections = []
    for _ in range(20):
        connection = socket.create_connection(("127.0.0.1", server.port), timeout=20)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.sendall(
            f"GET /api/photographs/{photograph}/colored?session={page.session}&format=tiff HTTP/1.1\r\n"
            f"Host: 127.0.0.1:{server.port}\r\n\r\n".encode()
        )
        connections.append(connection)
    # Longer than a client may take nothing.
    time.sleep(75)
    left = [len(received(connection)) for connection in connections]
    report(
        "clients that take nothing of their answer",
        # The picture has 18 MB; what there is was on its way when the connection was closed.
        max(left) < 18_000_000 and server.is_alive() and server.memory() < 1024,
        f"{sum(left) >> 10} KiB of 20 answers taken, {server.memory()} MiB, {time.time() - start:.0f} s",
    )


def bombs(server, page):
    got = {}
    files = {
        "90,000 × 90,000 pixels": png(90_000, 90_000, rows=1),
        "9,999 × 9,999 pixels of which 1 row is there": png(9_999, 9_999, rows=1),
        "4,000,000,000 × 1": png(4_000_000_000, 1, rows=0),
        "0 × 0": png(0, 0, rows=0),
        "chunk of 2 GiB": b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 1 << 31) + b"IHDR" + bytes(100),
        "zip": b"PK\x03\x04" + bytes(1000),
        "HTML": b"<html><script>alert(1)</script>",
        "SVG": b"<svg xmlns='x'/>",
        "PDF and JPEG": b"%PDF-1.4\n\xff\xd8\xff\xe0" + bytes(100),
        "GIF and script": b"GIF89a/*" + bytes(10) + b"*/=1;alert(1)//",
        "JPEG and HTML": b"\xff\xd8\xff\xfe\x00\x30<script>alert(1)</script>" + bytes(40),
        "PNG with a ZIP archive behind": png(8, 8) + b"PK\x03\x04" + bytes(100),
    }
    before = server.memory()
    for name, data in files.items():
        code, _, body = page.upload(data, name + ".png")
        answer = json.loads(body)
        if code == 202:
            answer = page.wait(answer["id"])
            got[name] = answer.get("state")
            server.request("DELETE", f"/api/photographs/{answer['id']}?session={page.session}")
        else:
            got[name] = code
        if code not in (202, 409, 413, 415) or "\n" in (answer.get("error") or ""):
            report(f"bomb {name}", False, answer)
    is_right = all(value in ("failed", 413, 415) for name, value in got.items() if not name.startswith("PNG with"))
    report(
        "bombs and polyglots",
        is_right and got["PNG with a ZIP archive behind"] == "done" and server.is_alive() and server.memory() < 1024,
        f"{got}; {server.memory()} MiB",
    )


def names(server, page):
    words = [
        "<script>alert(1)</script>.png",
        '"><img src=x onerror=alert(1)>.png',
        "a\r\nSet-Cookie: x=1\r\n\r\n<b>.png",
        "\x1b[2J\x00\x7f.png",
        "\u202egnp.exe",
        "../../../../tmp/x.png",
        "C:\\Windows\\x.png",
        "a" * 3000 + ".png",
        "",
        ".",
        "..",
        "/",
        "nul\udcff.png".encode("utf-8", "surrogateescape").decode("latin1"),
    ]
    problems = []
    for word in words:
        code, _, body = page.upload(png(8, 8), word)
        if code == 400:
            continue
        report_ = page.wait(json.loads(body)["id"])
        name = report_["name"]
        if any(ord(letter) < 32 or letter in "/\\\u202e\x7f" and letter != "\\" for letter in name) or len(name) > 1500:
            problems.append(("name", name))
        code, headers, data = server.request(
            "GET", f"/api/photographs/{report_['id']}/colored?session={page.session}&save=1"
        )
        saved = headers.get("Content-Disposition", "")
        if (
            code != 200
            or "Set-Cookie" in headers
            or not saved.startswith("attachment; filename=")
            or "<" in saved
            or "\\" in saved
        ):
            problems.append(("header", word, headers))
        if headers.get("X-Content-Type-Options") != "nosniff" or not headers.get("Content-Type", "").startswith(
            "image/"
        ):
            problems.append(("type", headers))
        server.request("DELETE", f"/api/photographs/{report_['id']}?session={page.session}")
    page_ = server.request("GET", "/")[1].get("Content-Security-Policy", "")
    if "unsafe-inline" in page_ or "default-src 'none'" not in page_:
        problems.append(("policy", page_))
    report("names with markup and control characters", not problems, problems or f"{len(words)} names")


def two_servers(recolor, server):
    second = subprocess.run([recolor, "serve", "--port", str(server.port)], capture_output=True, text=True, timeout=20)
    lines = second.stderr.strip().split("\n")
    report("two servers on one port", second.returncode == 1 and len(lines) == 1, lines[-1])
    other = Server(recolor)
    third = Server(recolor)
    report("the usual port is taken", other.port != third.port, f"ports {other.port} and {third.port}")
    other.close()
    third.close()


def tokens(recolor):
    server = Server(recolor, "--host", "0.0.0.0", "--port", "0")
    got = [
        server.request("GET", target)[0]
        for target in ["/", "/api/state", "/?token=", "/?token=" + "0" * 32, "/assets/app.js"]
    ]
    code, headers, _ = server.request("GET", f"/?token={server.token}")
    cookie = headers.get("Set-Cookie", "")
    own = {"Cookie": cookie.split(";")[0]}
    inside = server.request("GET", "/api/state", headers=own)[0]
    # Other pages may lead to the page, and no further, also where the browser sends the cookie.
    link = visit("cross-site", "document")
    led = [server.request("GET", f"/?token={server.token}", headers=link)[0]]
    led.append(server.request("GET", "/", headers={**link, **own})[0])
    further = {
        server.request("GET", "/api/state", headers={**link, **own})[0],
        server.request("GET", f"/?token={'0' * 32}", headers=link)[0],
        server.request("GET", f"/?token={server.token}", headers=visit("cross-site", "iframe"))[0],
        server.request("POST", "/api/photographs", b"x", {**link, **own})[0],
    }
    text = f"GET /api/state HTTP/1.1\r\nHost: evil.example:{server.port}\r\nCookie: {cookie.split(';')[0]}\r\n"
    rebound = status(server.raw((text + "Connection: close\r\n\r\n").encode()))
    report(
        "--host 0.0.0.0 without the token",
        set(got) == {401}
        and code == 303
        and inside == 200
        and rebound == 403
        and "HttpOnly" in cookie
        and "SameSite=Lax" in cookie,
        f"{set(got)}, with it {inside}",
    )
    report("links of other pages", led == [303, 200] and further == {403}, f"to the page {led}, further {further}")
    server.close()


def killed(recolor, folder):
    server = Server(recolor, "--port", "0", environment={"TMPDIR": folder})
    page = Page(server)
    photographs = [json.loads(page.upload(png(4000, 3000), f"{index}.png")[2])["id"] for index in range(4)]
    page.wait(photographs[0])
    target = f"/api/photographs/{photographs[0]}/colored?session={page.session}"
    threading.Thread(target=lambda: server.raw(server.head("GET", target)), daemon=True).start()
    time.sleep(0.2)
    server.process.kill()
    server.process.wait()
    report(
        "KILL while writing", os.listdir(folder) == [], f"left in the folder of temporary files: {os.listdir(folder)}"
    )
    start = time.time()
    server = Server(recolor, "--port", "0", environment={"TMPDIR": folder})
    Page(server).upload(png(4000, 3000))
    asked = time.time()
    server.process.send_signal(signal.SIGINT)
    server.process.wait(timeout=10)
    report(
        "Ctrl-C ends at once",
        time.time() - asked < 0.5 and os.listdir(folder) == [],
        f"{(time.time() - asked) * 1000:.0f} ms",
    )


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    recolor = os.path.abspath(sys.argv[1])
    folder = tempfile.mkdtemp(prefix="recolor-attack-")
    try:
        secret = folder + "/secret.txt"
        with open(secret, "w") as file:
            file.write("the secret of this test\n")
        os.mkdir(folder + "/tmp")
        subprocess.run(
            [
                recolor,
                "train",
                "unet",
                "--data",
                "scenes",
                "--width",
                "4",
                "--size",
                "16",
                "--train-images",
                "64",
                "--batch-size",
                "16",
                "--epochs",
                "1",
                "--device",
                "cpu",
                "--out",
                folder + "/runs/a<b>&\"'",
            ],
            check=True,
            capture_output=True,
        )
        server = Server(recolor, folder + "/runs", "--port", "0")
        page = Page(server)
        photograph = page.wait(json.loads(page.upload(png(3000, 2000), "old.png")[2])["id"])["id"]
        run = ""
        while not run:
            runs = json.loads(server.request("GET", "/api/runs")[2])["runs"]
            run = runs[0]["id"] if runs else ""
        saved = server.request("GET", f"/api/runs/{run}/report")[2].decode()
        report("a run's name with markup in its saved page", "a<b>" not in saved and "a&lt;b&gt;" in saved, "escaped")
        wrong_hosts(server)
        foreign_origins(server, page, run)
        traversal(server, page, photograph, run, secret)
        long_bodies(server, page)
        bombs(server, page)
        names(server, page)
        slow_clients(server, page)
        slow_readers(server, page, photograph)
        two_servers(recolor, server)
        tokens(recolor)
        killed(recolor, folder + "/tmp")
        report(
            "the server after all of this",
            server.request("GET", "/api/state")[0] == 200,
            f"{server.memory()} MiB at most",
        )
        server.close()
    finally:
        shutil.rmtree(folder)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
