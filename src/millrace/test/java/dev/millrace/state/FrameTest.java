package dev.millrace.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

class FrameTest {

    @Property
    void payloadComesBack(@ForAll byte[] payload) {
        ByteBuffer opened = Frame.open(Frame.seal(Frame.allocate(payload.length).put(payload)));

        byte[] back = new byte[opened.remaining()];
        opened.get(back);
        assertThat(back).isEqualTo(payload);
    }

    @Property
    void everyFlippedBitIsSeen(
            @ForAll @Size(min = 1, max = 64) byte[] payload, @ForAll @IntRange(max = 1 << 20) int bit) {
        byte[] framed = Frame.seal(Frame.allocate(payload.length).put(payload));
        int at = bit % (framed.length * 8);

        framed[at / 8] ^= (byte) (1 << at % 8);

        assertThatThrownBy(() -> Frame.open(framed)).isInstanceOf(CorruptEntryException.class);
    }

    @Property
    void fieldsComeBackInOrder(@ForAll String text, @ForAll long number, @ForAll float[] floats) {
        ByteBuffer payload = Frame.open(
                new Fields().text(text).longInteger(number).floats(floats).framed());

        String back = Fields.text(payload);
        assertThat(payload.getLong()).isEqualTo(number);
        assertThat(Fields.floats(payload)).isEqualTo(floats);
        assertThat(back.getBytes(java.nio.charset.StandardCharsets.UTF_8))
                .isEqualTo(text.getBytes(java.nio.charset.StandardCharsets.UTF_8));
        assertThat(payload.hasRemaining()).isFalse();
    }
}
