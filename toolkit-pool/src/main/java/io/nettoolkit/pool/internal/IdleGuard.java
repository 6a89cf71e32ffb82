package io.nettoolkit.pool.internal;

import io.nettoolkit.pool.ConnectionPool.CloseCause;
import io.nettoolkit.pool.internal.hit.Entry;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.ReferenceCountUtil;

/**
 * Closes a connection that receives something while nobody uses it: the late end of an answer that was given up, which would
 * be taken for the beginning of the next one.
 *
 * <p>The entry's word decides whether it was idle: who claims it at this moment gets it before the bytes or not at all.
 */
final class IdleGuard extends ChannelInboundHandlerAdapter {

    private final Connection connection;

    private IdleGuard(Connection connection) {
        this.connection = connection;
    }

    /** Stands directly behind TLS, whose own records mean nothing here, else first. */
    static void install(Connection connection) {
        ChannelPipeline pipeline = connection.channel.pipeline();
        ChannelHandlerContext tls = pipeline.context(SslHandler.class);
        IdleGuard guard = new IdleGuard(connection);
        if (tls == null) {
            pipeline.addFirst(guard);
        } else {
            pipeline.addAfter(tls.name(), null, guard);
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (connection.move(Entry.IDLE, Entry.CLOSING)) {
            ReferenceCountUtil.release(message);
            connection.pool.leaving(connection, CloseCause.DESYNCHRONISED, null);
        } else if (connection.phase() == Entry.CLOSING) {
            ReferenceCountUtil.release(message);
        } else {
            ctx.fireChannelRead(message);
        }
    }
}
