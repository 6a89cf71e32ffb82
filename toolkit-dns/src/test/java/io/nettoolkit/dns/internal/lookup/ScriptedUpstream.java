package io.nettoolkit.dns.internal.lookup;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.dns.DnsException;
import io.nettoolkit.dns.DnsType;
import io.nettoolkit.dns.internal.query.Response;
import io.nettoolkit.dns.internal.query.Upstream;
import io.nettoolkit.dns.internal.wire.DnsName;
import io.netty.channel.EventLoop;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.LinkedTransferQueue;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Servers that say what the test says, when it says so. */
final class ScriptedUpstream implements Upstream {

    private final EventLoop loop;
    private final LinkedTransferQueue<Asked> asked = new LinkedTransferQueue<>();
    /** What is answered at once: a response, a kind of failure, or null for nothing yet. */
    private volatile Function<Question, @Nullable Object> script = question -> null;

    ScriptedUpstream(EventLoop loop) {
        this.loop = loop;
    }

    void answers(Function<Question, @Nullable Object> newScript) {
        script = newScript;
    }

    /** A question that came this far. */
    final class Asked implements Lookup {
        final Question question;
        final Deadline deadline;
        private final Outcome outcome;
        volatile boolean cancelled;

        Asked(Question question, Deadline deadline, Outcome outcome) {
            this.question = question;
            this.deadline = deadline;
            this.outcome = outcome;
        }

        @Override
        public void cancel() {
            cancelled = true;
        }

        void answer(Object answer) {
            if (loop.inEventLoop()) {
                tell(answer);
            } else {
                loop.submit(() -> tell(answer)).syncUninterruptibly();
            }
        }

        private void tell(Object answer) {
            if (answer instanceof Response response) {
                outcome.onResponse(response);
            } else {
                outcome.onFailure(
                        DnsException.builder((Kind) answer, question.name().toString())
                                .type(question.type())
                                .build());
            }
        }
    }

    @Override
    public EventLoop loop() {
        return loop;
    }

    @Override
    public Lookup query(DnsName name, DnsType<?> type, Deadline deadline, Outcome outcome) {
        Question question = new Question(name, type);
        Asked now = new Asked(question, deadline, outcome);
        asked.add(now);
        Object answer = script.apply(question);
        if (answer != null) {
            now.answer(answer);
        }
        return now;
    }

    /** All questions so far, once the loop has done what it was given. */
    List<Asked> asked() {
        loop.submit(() -> {}).syncUninterruptibly();
        return new ArrayList<>(asked);
    }

    /** The latest question of this name and type. */
    Asked asked(String name, DnsType<?> type) {
        List<Asked> all = asked();
        for (int i = all.size() - 1; i >= 0; i--) {
            if (all.get(i).question.key().equals(name)
                    && all.get(i).question.type().equals(type)) {
                return all.get(i);
            }
        }
        throw new AssertionError(name + " " + type + " was not asked, but " + names());
    }

    /** What was asked, in order. */
    List<String> names() {
        return asked().stream()
                .map(each -> each.question.key() + " " + each.question.type())
                .toList();
    }
}
