"""A proxy that makes the network slow: every octet arrives some milliseconds later, in both directions.

`python -m benchmarks.delay PORT ROUND_TRIP_MS` prints the port it listens on and forwards to PORT until it is killed.
"""

import asyncio
import sys
from contextlib import suppress


async def main(target: int, one_way_seconds: float) -> None:
    loop = asyncio.get_running_loop()

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Does not wait for one piece to be delivered before the next is read: delay, not less bandwidth."""
        with suppress(ConnectionError):
            while data := await reader.read(1 << 18):
                loop.call_later(one_way_seconds, writer.write, data)
        loop.call_later(one_way_seconds, writer.close)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_server, to_server = await asyncio.open_connection("127.0.0.1", target, limit=1 << 20)
        await asyncio.gather(forward(reader, to_server), forward(from_server, writer))

    server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=1 << 20)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2]) / 2000))
