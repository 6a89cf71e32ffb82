package io.nettoolkit.dns.internal.query;

import io.nettoolkit.dns.internal.wire.DnsName;
import io.nettoolkit.dns.internal.wire.Wire;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Remembers what the engine sends and says what the test wants. */
final class ScriptedTransport implements Transport, Transport.Link {

    final List<Attempt> sent = new ArrayList<>();
    final Line datagrams = new Line(false);
    final Line streams = new Line(true);
    final QueryEngine engine;
    int closed;
    /** Told of each message that is sent. */
    Runnable onSend = () -> {};

    ScriptedTransport(QueryEngine engine) {
        this.engine = engine;
    }

    @Override
    public Link open(Server server) {
        return this;
    }

    @Override
    public void send(Attempt attempt) {
        Line line = attempt.stream ? streams : datagrams;
        attempt.id = sent.size() + 1;
        attempt.carrier = line;
        line.pending.add(attempt);
        line.used.add(attempt.id);
        sent.add(attempt);
        onSend.run();
    }

    /** Of the way to a server, and of the transport. */
    @Override
    public void close() {
        closed++;
    }

    Attempt last() {
        return sent.get(sent.size() - 1);
    }

    Attempt lastTo(int port) {
        return sent.stream()
                .filter(attempt -> attempt.server.address.getPort() == port)
                .reduce((one, later) -> later)
                .orElseThrow();
    }

    /** The servers asked so far, by their ports. */
    List<Integer> ports() {
        return sent.stream().map(attempt -> attempt.server.address.getPort()).toList();
    }

    int underWay() {
        return datagrams.pending.size() + streams.pending.size();
    }

    /** Begins an answer to an attempt: header and question. */
    static Wire begin(Attempt attempt, int flags, int answers, int authorities) {
        byte[] question = new byte[DnsName.MAX_BYTES];
        attempt.writeQuestion(question);
        Wire wire = new Wire()
                .u16(attempt.id)
                .u16(flags)
                .u16(1)
                .u16(answers)
                .u16(authorities)
                .u16(0);
        for (int i = 0; i < attempt.lookup.name().length(); i++) {
            wire.u8(question[i]);
        }
        return wire.u16(attempt.lookup.typeCode()).u16(1);
    }

    /** One address. */
    void address(Attempt attempt, int last) {
        say(attempt, begin(attempt, 0x8580, 1, 0).record(1, new byte[] {10, 0, 0, (byte) last}));
    }

    /** A code without records. */
    void rcode(Attempt attempt, int rcode) {
        say(attempt, begin(attempt, 0x8580 | rcode, 0, 0));
    }

    void truncated(Attempt attempt) {
        say(attempt, begin(attempt, 0x8780, 0, 0));
    }

    void say(Attempt attempt, Wire message) {
        Carrier carrier = attempt.stream ? streams : datagrams;
        engine.received(carrier, attempt.server, message.done(), message.size());
    }

    /** A socket or all connections. */
    static final class Line implements Carrier {
        final List<Attempt> pending = new ArrayList<>();
        final Set<Integer> used = new HashSet<>();
        private final boolean stream;

        Line(boolean stream) {
            this.stream = stream;
        }

        @Override
        public @Nullable Attempt find(int id) {
            return pending.stream()
                    .filter(attempt -> attempt.id == id)
                    .findFirst()
                    .orElse(null);
        }

        @Override
        public boolean wasUsed(int id) {
            return used.contains(id);
        }

        @Override
        public void onNoAnswer() {}

        @Override
        public boolean isStream() {
            return stream;
        }

        @Override
        public void forget(Attempt attempt) {
            pending.remove(attempt);
        }
    }
}
