package io.nettoolkit.benchmarks.echo;

import io.netty.buffer.AdaptiveByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The echo servers that are compared.
 *
 * <p><b>Threading.</b> Immutable.
 */
public enum Contestant {
    /** This project's server. */
    TOOLKIT_TCP("toolkit", ToolkitEcho::start),
    /** This project's server on the pooled allocator, which is not its default. */
    TOOLKIT_TCP_POOLED("toolkit-pooled", () -> ToolkitEcho.start(new PooledByteBufAllocator(true))),
    /** N0 on Netty's default allocator; what ratios are taken against. */
    NETTY_TUTORIAL("nettyTutorial", () -> NettyTutorialEcho.start(new AdaptiveByteBufAllocator(true))),
    /** N0 on the pooled allocator. */
    NETTY_TUTORIAL_POOLED("nettyTutorial-pooled", () -> NettyTutorialEcho.start(new PooledByteBufAllocator(true))),
    /** N1 on Netty's default allocator. */
    NETTY_EXPERT("nettyExpert", () -> NettyExpertEcho.start(new AdaptiveByteBufAllocator(true))),
    /** N1 on the pooled allocator. */
    NETTY_EXPERT_POOLED("nettyExpert-pooled", () -> NettyExpertEcho.start(new PooledByteBufAllocator(true))),
    /** Reactor Netty on Netty's default allocator. */
    REACTOR_NETTY("reactorNetty", () -> ReactorNettyEcho.start(new AdaptiveByteBufAllocator(true))),
    /** Reactor Netty on the pooled allocator. */
    REACTOR_NETTY_POOLED("reactorNetty-pooled", () -> ReactorNettyEcho.start(new PooledByteBufAllocator(true))),
    /** Vert.x, which chooses its allocator itself. */
    VERTX("vertx", VertxEcho::start),
    /** Go's net package; a process without a JVM. */
    GO("go", null);

    /** The name of our own server, wherever it is looked for among the contestants. */
    public static final String TOOLKIT = "toolkit";

    private final String label;

    @SuppressWarnings("ImmutableEnumChecker") // method references without state
    private final @Nullable Supplier<EchoServer> inJvm;

    Contestant(String label, @Nullable Supplier<EchoServer> inJvm) {
        this.label = label;
        this.inJvm = inJvm;
    }

    /** The name on the command line and in reports. */
    public String label() {
        return label;
    }

    /** Whether it is a Java server, which {@link EchoServerMain} can run. */
    public boolean isJava() {
        return inJvm != null;
    }

    /** Starts it in this JVM. */
    public EchoServer start() {
        if (inJvm == null) {
            throw new IllegalStateException(label + " is no Java server: it runs as a process of its own only");
        }
        return inJvm.get();
    }

    /** The contestant with this label. */
    public static Contestant of(String label) {
        return Arrays.stream(values())
                .filter(contestant -> contestant.label.equals(label))
                .findFirst()
                .orElseThrow(() ->
                        new IllegalArgumentException("contestant: " + label + " (must be one of " + labels() + ")"));
    }

    /** All labels, in the order of reports. */
    public static List<String> labels() {
        return Arrays.stream(values()).map(Contestant::label).collect(Collectors.toList());
    }

    @Override
    public String toString() {
        return label;
    }
}
