"""A small HTTP backend for the two web servers: it answers late, wrongly or not at all.

    python3 backend.py PORT

The path decides: /crash closes the connection without an answer (the proxy says 502), /error
answers 500, /slow waits up to 1.6 s, /missing answers 404; anything else answers 200 (201 for a
POST, 204 for a DELETE) after a log-normal wait with a median of about 12 ms.
"""
import asyncio
import math
import random
import sys

REASONS = {200: "OK", 201: "Created", 204: "No Content", 404: "Not Found",
           422: "Unprocessable Entity", 429: "Too Many Requests", 500: "Internal Server Error"}


def decide(method, path):
    """Returns the seconds to wait and the status, or no status for "hang up"."""
    wait = min(2.0, math.exp(random.gauss(math.log(0.012), 0.9)))
    if "/crash" in path:
        return wait, None
    if "/error" in path:
        return wait, 500
    if "/missing" in path:
        return wait, 404
    if "/slow" in path:
        return random.uniform(0.4, 1.6), 200
    chance = random.random()
    if chance < 0.004:
        return wait * 4, 500
    if chance < 0.012:
        return wait, 422
    if chance < 0.018:
        return 0.001, 429
    return wait, {"POST": 201, "DELETE": 204, "OPTIONS": 204}.get(method, 200)


async def serve(reader, writer):
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            method, path, _ = head.split(" ", 2)
            for line in head.split("\r\n"):
                if line.lower().startswith("content-length:"):
                    await reader.readexactly(int(line.split(":")[1]))
            wait, status = decide(method, path)
            await asyncio.sleep(wait)
            if status is None:
                break
            size = 0 if status == 204 else min(60000, int(random.paretovariate(1.1) * 200))
            writer.write((f"HTTP/1.1 {status} {REASONS[status]}\r\n"
                          f"Content-Type: application/json\r\n"
                          f"Content-Length: {size}\r\n\r\n").encode() + b"x" * size)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", int(sys.argv[1]), backlog=512)
    await server.serve_forever()


asyncio.run(main())
