package io.nettoolkit.resilience;

import io.nettoolkit.core.Deadline;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** A store whose answers a test gives. */
final class ScriptedStore implements TokenStore {

    record Ask(String key, long unit, long count, Deadline deadline, CompletableFuture<Grant> answer) {

        void grant(long units) {
            answer.complete(new Grant(units, 0, units < count ? Duration.ofMillis(50) : Duration.ZERO, Duration.ZERO));
        }
    }

    final List<Ask> asks = new ArrayList<>();

    @Override
    public synchronized CompletionStage<Grant> take(String key, Limit limit, long unit, long count, Deadline deadline) {
        Ask ask = new Ask(key, unit, count, deadline, new CompletableFuture<>());
        asks.add(ask);
        return ask.answer;
    }

    synchronized int calls() {
        return asks.size();
    }

    synchronized Ask ask(int index) {
        return asks.get(index);
    }

    Ask last() {
        return ask(calls() - 1);
    }
}
