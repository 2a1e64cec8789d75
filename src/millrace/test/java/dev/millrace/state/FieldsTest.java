package dev.millrace.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class FieldsTest {

    @Test
    void aShortIntegerHasSevenBitsAByte() {
        // zigzag: 0, -1, 1, -2 .. are 0, 1, 2, 3 ..
        assertThat(payload(0)).containsExactly(0);
        assertThat(payload(-1)).containsExactly(1);
        assertThat(payload(63)).containsExactly(126);
        assertThat(payload(64)).containsExactly(0x80, 1);
        assertThat(payload(-8193)).containsExactly(0x81, 0x80, 1); // 16,385 = 2^14 + 1
        assertThat(payload(Long.MAX_VALUE)).hasSize(10);
    }

    @Test
    void aShortIntegerIsReadBack() {
        for (int bit = 0; bit < Long.SIZE; bit++) {
            for (long value : new long[] {1L << bit, (1L << bit) - 1, -(1L << bit), ~(1L << bit)}) {
                Fields fields = new Fields().shortInteger(value);
                fields.shortText("日本");
                ByteBuffer payload = Frame.open(fields.framed());

                assertThat(payload.remaining()).isEqualTo(Fields.shortBytes(value) + 1 + 6);
                assertThat(Fields.shortInteger(payload)).isEqualTo(value);
                assertThat(Fields.shortText(payload)).isEqualTo("日本");
            }
        }
    }

    @Test
    void aShortIntegerWithoutAnEndIsRefused() {
        ByteBuffer cut = ByteBuffer.wrap(new byte[] {-1, -1});
        ByteBuffer long11 = ByteBuffer.wrap(new byte[] {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 0});

        assertThatThrownBy(() -> Fields.shortInteger(cut)).isInstanceOf(CorruptEntryException.class);
        assertThatThrownBy(() -> Fields.shortInteger(long11)).isInstanceOf(CorruptEntryException.class);
    }

    private static int[] payload(long value) {
        ByteBuffer payload = Frame.open(new Fields().shortInteger(value).framed());
        return IntStream.generate(() -> payload.get() & 0xff)
                .limit(payload.remaining())
                .toArray();
    }

    @Test
    void textsAreTheirLengthAndTheirUtf8() {
        for (String text :
                new String[] {"", "id-1", "\u007f", "caf\u00e9 id", "\u6f22\ud83d\ude00", "x".repeat(300) + "\u00e9"}) {
            byte[] utf8 = Utf8.bytes(text);

            ByteBuffer payload = Frame.open(new Fields().text(text).text("end").framed());

            assertThat(payload.getInt()).isEqualTo(utf8.length);
            byte[] written = new byte[utf8.length];
            payload.get(written);
            assertThat(written).isEqualTo(utf8);
            assertThat(Fields.text(payload)).isEqualTo("end");
        }
    }
}
