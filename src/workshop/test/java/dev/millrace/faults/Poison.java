package dev.millrace.faults;

import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.Features;
import dev.millrace.state.CounterRandom;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Records that are no events: for each input topic, one of each kind of what a producer can get wrong. */
final class Poison {

    /**
     * One bad record.
     *
     * @param reason it is to be rejected for
     */
    record Dose(String topic, String reason, byte[] key, Optional<byte[]> value) {}

    /** 2099: between what is no time at all and what no clock has reached. */
    static final long FAR_AHEAD = 4_070_908_800_000L;

    private static final long IN_1970 = 86_400_000L;
    private static final long IN_2100 = 4_102_444_800_000L;
    /** As large as Kafka's default of max.message.bytes lets a record be, but for its own framing. */
    private static final int LARGE_BYTES = 1_048_588 - 200;

    private final ForeignRecord good;
    private final byte[] goodBytes;
    private final byte[] key;
    private final List<Dose> doses = new ArrayList<>();

    /** One of each kind; values differ from number to number where chance has a part in them. */
    private Poison(ForeignRecord good, String keyField, String id, String idReason, int number) {
        this.good = good;
        this.goodBytes = good.written();
        this.key = bytes(good.field(keyField, String.class));
        bytes(number);
        ids(id, idReason, id.equals(keyField));
        features(good.fields().containsKey("context") ? "context" : "features");
        for (long time : new long[] {-1, Long.MIN_VALUE, IN_1970, SeededStream.T0 / 1000, IN_2100, Long.MAX_VALUE}) {
            changed("bad-time", "time", time);
        }
        add("bad-key", bytes(good.topic().equals("items") ? "i2" : "u2"), Optional.of(goodBytes));
    }

    static List<Dose> exposures(int number) {
        Exposure exposure = new Exposure("bad" + number, "u1", "i1", SeededStream.T0, 0, Features.NONE);
        Poison poison = new Poison(ForeignRecord.of(exposure), "user_id", "exposure_id", "bad-id", number);
        poison.changed("bad-time", "time", FAR_AHEAD);
        poison.add("null-value", poison.key, Optional.empty());
        return poison.doses;
    }

    static List<Dose> clicks(int number) {
        Click click =
                new Click("bad" + number, "u1", "i1", Optional.empty(), "click", 1, SeededStream.T0, 0, Features.NONE);
        Poison poison = new Poison(ForeignRecord.of(click), "user_id", "click_id", "bad-id", number);
        poison.changed("bad-time", "time", FAR_AHEAD);
        poison.add("null-value", poison.key, Optional.empty());
        for (double weight : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY, 1e38}) {
            poison.changed("bad-weight", "weight", weight);
        }
        return poison.doses;
    }

    static List<Dose> users(int number) {
        Poison poison = new Poison(ForeignRecord.of(SeededStream.user(1)), "user_id", "user_id", "bad-user", number);
        poison.changed("bad-time", "time", FAR_AHEAD);
        poison.add("bad-user", bytes(" "), Optional.empty()); // removal of nobody
        return poison.doses;
    }

    /** None is far ahead: an item ends no window, whenever it says it is of. */
    static List<Dose> items(int number) {
        Poison poison = new Poison(ForeignRecord.of(SeededStream.item(1)), "item_id", "item_id", "bad-item", number);
        poison.add("bad-item", bytes(" "), Optional.empty()); // removal of nothing
        return poison.doses;
    }

    private void bytes(int number) {
        byte[] random = random(100, number);
        random[0] = 0x7f;
        byte[] endless = changed(Arrays.copyOf(goodBytes, 30), 10, 0xff); // a text said to be 2^62 bytes long
        Arrays.fill(endless, 10, 18, (byte) 0xff);
        byte[] large = random(LARGE_BYTES, number);
        large[0] = 0x7f;
        for (byte[] undecodable : List.of(
                random,
                new byte[0],
                new byte[] {(byte) 0xC3}, // one byte of magic
                Arrays.copyOf(goodBytes, 10), // a header alone
                Arrays.copyOf(goodBytes, (10 + goodBytes.length) / 2),
                changed(goodBytes, 1, 2), // another magic
                endless,
                large)) {
            add("undecodable", key, Optional.of(undecodable));
        }
        for (byte[] unknown : List.of(
                changed(goodBytes, 5, ~goodBytes[5]), // another fingerprint
                changed(goodBytes, 0, 0), // a registry's framing, and no registry
                new byte[10 << 20])) { // the same; compressed it comes in where it is larger than it could go out
            add("unknown-schema", key, Optional.of(unknown));
        }
    }

    private void ids(String id, String reason, boolean isKey) {
        for (String bad : List.of("", "  ", "x".repeat(257), "tab\tin it", "nul\0in it")) {
            add(reason, isKey ? bytes(bad) : key, Optional.of(good.with(id, bad).written()));
        }
    }

    private void features(String field) {
        for (double number : new double[] {Double.NaN, Double.NEGATIVE_INFINITY, 1e38}) {
            changed("bad-value", field, Map.of("price", ForeignRecord.number(number)));
        }
        for (float component : new float[] {Float.NaN, Float.POSITIVE_INFINITY, 1e38f}) {
            changed("bad-component", field, Map.of("image", ForeignRecord.vector(1f, component)));
        }
    }

    private void changed(String reason, String field, Object bad) {
        add(reason, key, Optional.of(good.with(field, bad).written()));
    }

    private void add(String reason, byte[] of, Optional<byte[]> value) {
        doses.add(new Dose(good.topic(), reason, of, value));
    }

    private static byte[] changed(byte[] bytes, int at, int to) {
        byte[] copy = bytes.clone();
        copy[at] = (byte) to;
        return copy;
    }

    private static byte[] random(int length, int number) {
        byte[] bytes = new byte[length];
        for (int at = 0; at < length; at++) {
            bytes[at] = (byte) CounterRandom.below(256, number, at, 0);
        }
        return bytes;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
