package io.nettoolkit.resilience.redis;

import io.lettuce.core.RedisFuture;
import io.lettuce.core.RedisNoScriptException;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.api.async.RedisScriptingAsyncCommands;
import io.nettoolkit.core.Deadline;
import io.nettoolkit.resilience.TokenStore;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Keeps rate limits in Redis or a server that speaks its language, over a connection of the client Lettuce.
 *
 * <pre>{@code
 * RedisClient client = RedisClient.create("redis://localhost:6379");
 * client.setOptions(ClientOptions.builder()
 *         .disconnectedBehavior(ClientOptions.DisconnectedBehavior.REJECT_COMMANDS)
 *         .build());
 * TokenStore store = RedisTokenStore.of(client.connect().async());
 * }</pre>
 *
 * <p>A decision is one script on one key ({@code EVALSHA}, and {@code EVAL} where the server does not know it yet), which
 * makes it one round trip, atomic, and fit for a cluster. The key is {@code nettoolkit:limit:} and the limiter's key; it
 * expires by itself when the limit is unused. The time is the server's. Redis 5 or newer.
 *
 * <p><b>Threading.</b> Any thread may call every method; nothing blocks.
 *
 * <p><b>Ownership.</b> The connection stays the caller's. One is enough for any number of limiters. Let it reject commands
 * while it is disconnected, as above: otherwise Lettuce keeps them for later, and an outage is noticed by timeouts alone.
 *
 * <p><b>Failure.</b> The stage fails with what Lettuce reports, with a {@link TimeoutException} where the deadline had passed
 * before the call, with an {@link IllegalStateException} where the answer is none of the script's. A fail-over may lose what
 * the primary had not replicated yet: those permits can then be granted once more, a whole burst at most.
 */
public final class RedisTokenStore implements TokenStore {

    private static final String PREFIX = "nettoolkit:limit:";
    private static final int ANSWER_NUMBERS = 4;

    private final RedisScriptingAsyncCommands<String, String> commands;

    private RedisTokenStore(RedisScriptingAsyncCommands<String, String> commands) {
        this.commands = commands;
    }

    /**
     * A store on a connection to a single server, a sentinel's master or a cluster.
     *
     * @param commands what {@code async()} of the connection answers
     */
    @SuppressWarnings("exports") // transitive, Lettuce would be forced on every module that uses these policies
    public static RedisTokenStore of(RedisScriptingAsyncCommands<String, String> commands) {
        return new RedisTokenStore(Objects.requireNonNull(commands, "commands: must not be null"));
    }

    @Override
    public CompletionStage<Grant> take(String key, Limit limit, long unit, long count, Deadline deadline) {
        if (deadline.isExpired()) {
            return CompletableFuture.failedFuture(new TimeoutException("the deadline has passed: " + deadline));
        }
        String[] keys = {PREFIX + key};
        String[] arguments = {
            Long.toString(limit.permits()),
            Long.toString(limit.periodMicros()),
            Long.toString(limit.burst()),
            Long.toString(unit),
            Long.toString(count)
        };
        Answer answer = new Answer();
        RedisFuture<List<Object>> first = commands.evalsha(GcraScript.SHA1, ScriptOutputType.MULTI, keys, arguments);
        answer.follow(first);
        first.whenComplete((numbers, failure) -> {
            if (!isUnknownScript(failure)) {
                answer.end(numbers, failure);
            } else if (!answer.isDone()) {
                RedisFuture<List<Object>> second =
                        commands.eval(GcraScript.TEXT, ScriptOutputType.MULTI, keys, arguments);
                answer.follow(second);
                second.whenComplete(answer::end);
            }
        });
        return answer;
    }

    private static boolean isUnknownScript(@Nullable Throwable failure) {
        Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
        return cause instanceof RedisNoScriptException;
    }

    @Override
    public String toString() {
        return "RedisTokenStore[" + PREFIX + "*]";
    }

    /** A cancel reaches the command, which is then not sent if it has not been yet. */
    private static final class Answer extends CompletableFuture<Grant> {

        private volatile @Nullable RedisFuture<?> command;

        void follow(RedisFuture<?> next) {
            command = next;
            if (isCancelled()) {
                next.cancel(true);
            }
        }

        @Override
        public boolean cancel(boolean mayInterruptIfRunning) {
            boolean cancelled = super.cancel(mayInterruptIfRunning);
            RedisFuture<?> current = command;
            if (cancelled && current != null) {
                current.cancel(true);
            }
            return cancelled;
        }

        void end(@Nullable List<Object> numbers, @Nullable Throwable failure) {
            if (failure != null) {
                completeExceptionally(failure);
                return;
            }
            try {
                complete(grant(numbers));
            } catch (RuntimeException unexpected) {
                completeExceptionally(unexpected);
            }
        }

        private static Grant grant(@Nullable List<Object> numbers) {
            if (numbers == null || numbers.size() != ANSWER_NUMBERS) {
                throw new IllegalStateException("the script answered " + numbers + " instead of four numbers");
            }
            long[] values = new long[ANSWER_NUMBERS];
            for (int i = 0; i < ANSWER_NUMBERS; i++) {
                if (!(numbers.get(i) instanceof Long value)) {
                    throw new IllegalStateException("the script answered " + numbers + " instead of four numbers");
                }
                values[i] = value;
            }
            return new Grant(values[0], values[1], micros(values[2]), micros(values[3]));
        }

        private static Duration micros(long micros) {
            return Duration.of(micros, ChronoUnit.MICROS);
        }
    }
}
