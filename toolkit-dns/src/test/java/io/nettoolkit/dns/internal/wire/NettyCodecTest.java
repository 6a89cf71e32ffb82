package io.nettoolkit.dns.internal.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.dns.DefaultDnsRecordDecoder;
import org.junit.jupiter.api.Test;

/** Why names are not read by Netty's codec: two different ones come out as the same string. */
class NettyCodecTest {

    @Test
    void aDotInsideOfALabelIsLost() throws WireException {
        byte[] inside = new Wire().label("a.b").label("example").u8(0).done();
        byte[] between = new Wire().label("a").label("b").label("example").u8(0).done();
        assertThat(netty(inside)).isEqualTo(netty(between));
        assertThat(ours(inside)).isEqualTo("a\\.b.example.");
        assertThat(ours(between)).isEqualTo("a.b.example.");
    }

    @Test
    void octetsThatAreNoUtf8AreLost() throws WireException {
        byte[] one = new Wire().label("\u00fe").u8(0).done();
        byte[] other = new Wire().label("\u00ff").u8(0).done();
        assertThat(netty(one)).isEqualTo(netty(other));
        assertThat(ours(one)).isEqualTo("\\254.");
        assertThat(ours(other)).isEqualTo("\\255.");
    }

    private static String netty(byte[] name) {
        ByteBuf bytes = Unpooled.wrappedBuffer(name);
        return DefaultDnsRecordDecoder.decodeName(bytes);
    }

    private static String ours(byte[] name) throws WireException {
        NameReader reader = new NameReader();
        reader.reset(name, name.length);
        return reader.read(0, name.length);
    }
}
