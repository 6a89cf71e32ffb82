import socket, struct, sys
with socket.create_connection((sys.argv[1], int(sys.argv[2])), 30) as connection:
    stream = connection.makefile("rwb")
    for word in sys.argv[3:]:
        frame = word.encode()
        stream.write(struct.pack(">I", len(frame)) + frame)
        stream.flush()
        length, = struct.unpack(">I", stream.read(4))
        print(stream.read(length).decode())
