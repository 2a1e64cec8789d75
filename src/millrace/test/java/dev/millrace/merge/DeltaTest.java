package dev.millrace.merge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.Form;
import dev.millrace.state.Frame;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DeltaTest {

    private static Delta delta() {
        try (Shards shards = new Shards(
                Shards.settings(
                        "features.user", "user,history,size",
                        "features.user.size.kind", "numeric",
                        "loss.temperature.kind", "learned"),
                1)) {
            shards.list();
            shards.shards.get(0).learn(Shards.examples("ü", new SplittableRandom(5)));
            shards.shards.get(0).learner.removeUser("ü1");
            shards.shards.get(0).learn(List.of());
            return shards.shards.get(0).learner.cut().orElseThrow();
        }
    }

    @Test
    void itsBytesGiveItBack() {
        Delta delta = delta();

        Delta read = Delta.decoded(delta.encoded());

        assertThat(Shards.changes(read)).hasSizeGreaterThan(20).isEqualTo(Shards.changes(delta));
        assertThat(read.removedUsers()).hasSize(1).isEqualTo(delta.removedUsers());
        assertThat(read.counted().get(0).vector())
                .isEqualTo(delta.counted().get(0).vector());
        assertThat(read.counted().get(0).history())
                .isEqualTo(delta.counted().get(0).history());
        assertThat(read.encoded()).isEqualTo(delta.encoded());
    }

    @Test
    void damagedBytesAreNoDelta() {
        byte[] encoded = delta().encoded();
        SplittableRandom random = new SplittableRandom(7);

        for (int tried = 0; tried < 200; tried++) {
            byte[] damaged = encoded.clone();
            damaged[random.nextInt(damaged.length)] ^= (byte) (1 << random.nextInt(8));
            assertThatThrownBy(() -> Delta.decoded(damaged)).isInstanceOf(CorruptEntryException.class);
        }
        assertThatThrownBy(() -> Delta.decoded(Arrays.copyOf(encoded, encoded.length - 1)))
                .isInstanceOf(CorruptEntryException.class);
    }

    /** A writer of another form has a frame that is whole, so its checksum says nothing. */
    @Test
    void wholeFramesOfOtherContentAreNoDelta() {
        byte[] payload = Arrays.copyOfRange(delta().encoded(), 8, delta().encoded().length);

        for (int length = 0; length < payload.length; length += 97) {
            ByteBuffer cut = Frame.allocate(length).put(payload, 0, length);
            assertThatThrownBy(() -> Delta.decoded(Frame.seal(cut))).isInstanceOf(CorruptEntryException.class);
        }
        ByteBuffer longer = Frame.allocate(payload.length + 1).put(payload).put((byte) 0);
        assertThatThrownBy(() -> Delta.decoded(Frame.seal(longer)))
                .isInstanceOf(CorruptEntryException.class)
                .hasMessageContaining("behind its last field");
    }

    @ParameterizedTest
    @CsvSource({"-1,1,0", "0,0,0", "0,1,-1"})
    void anOriginThatCannotBeIsRefused(int shard, long number, long round) {
        byte[] origin = Form.written(form -> {
            String generation = form.text("g");
            assertThat(generation).isEqualTo("g");
            form.integer(shard);
            form.longInteger(number);
            form.longInteger(round);
        });

        assertThatThrownBy(() -> Delta.decoded(origin))
                .isInstanceOf(CorruptEntryException.class)
                .hasMessageContaining("delta " + number + " of shard " + shard);
    }
}
