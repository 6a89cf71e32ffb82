package io.nettoolkit.benchmarks.pool;

import io.nettoolkit.core.EventLoops;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.LengthFieldBasedFrameDecoder;
import io.netty.handler.codec.LengthFieldPrepender;
import io.netty.util.AttributeKey;
import java.net.InetSocketAddress;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;

/** The client's side of an echo server: the same connections and the same question for every pool. */
final class EchoHost implements AutoCloseable {

    private static final int LENGTH_BYTES = 4;
    private static final int QUESTION_BYTES = 64;
    private static final AttributeKey<Answer> ANSWER = AttributeKey.valueOf(EchoHost.class, "answer");

    private final EventLoops loops;
    private final InetSocketAddress address;

    EchoHost(InetSocketAddress address, int threads) {
        this.address = address;
        loops = EventLoops.builder().threads(threads).name("pool-echo").build();
    }

    EventLoops loops() {
        return loops;
    }

    Bootstrap bootstrap(EventLoopGroup group) {
        return new Bootstrap()
                .group(group)
                .channelFactory(loops.channelFactory())
                .option(ChannelOption.TCP_NODELAY, true)
                .remoteAddress(address)
                .handler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        addHandlers(channel);
                    }
                });
    }

    /** For a pool that has an initializer of its own. */
    static void addHandlers(Channel channel) {
        Answer answer = new Answer();
        channel.attr(ANSWER).set(answer);
        channel.pipeline()
                .addLast(
                        new LengthFieldBasedFrameDecoder(Integer.MAX_VALUE, 0, LENGTH_BYTES, 0, LENGTH_BYTES),
                        new LengthFieldPrepender(LENGTH_BYTES),
                        answer);
    }

    CompletableFuture<Channel> connect(EventLoopGroup group) {
        CompletableFuture<Channel> connected = new CompletableFuture<>();
        ChannelFuture connecting = bootstrap(group).connect();
        connecting.addListener(done -> {
            if (done.isSuccess()) {
                connected.complete(connecting.channel());
            } else {
                connected.completeExceptionally(done.cause());
            }
        });
        return connected;
    }

    /** A question, and its answer, on the channel's loop. */
    static CompletableFuture<Void> ask(Channel channel) {
        CompletableFuture<Void> answered = new CompletableFuture<>();
        channel.attr(ANSWER).get().awaited = answered;
        ByteBuf question = channel.alloc().buffer(QUESTION_BYTES).writeZero(QUESTION_BYTES);
        channel.writeAndFlush(question, channel.voidPromise());
        return answered;
    }

    @Override
    public void close() {
        loops.close();
    }

    private static final class Answer extends SimpleChannelInboundHandler<ByteBuf> {

        private volatile CompletableFuture<Void> awaited = new CompletableFuture<>();

        @Override
        protected void channelRead0(ChannelHandlerContext context, ByteBuf answer) {
            if (answer.readableBytes() != QUESTION_BYTES) {
                throw new IllegalStateException(answer.readableBytes() + " bytes came back");
            }
            awaited.complete(null);
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            awaited.completeExceptionally(new IllegalStateException("the server closed"));
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            awaited.completeExceptionally(Objects.requireNonNull(cause));
            context.close();
        }
    }
}
