package dev.millrace.faults;

import dev.millrace.avro.ClickEvent;
import dev.millrace.avro.ExposureEvent;
import dev.millrace.avro.ItemEvent;
import dev.millrace.avro.UserEvent;
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
import java.util.TreeMap;
import org.apache.avro.Schema;

/** Records that are no events: for each input topic, one of each kind of what a producer can get wrong. */
final class Poison {

    /**
     * One bad record.
     *
     * @param kind of mistake, in words
     * @param reason it is to be rejected for
     */
    record Dose(String topic, String kind, String reason, byte[] key, Optional<byte[]> value) {}

    /** 2099: between what is no time at all and what no clock has reached. */
    static final long FAR_AHEAD = 4_070_908_800_000L;

    private static final long IN_1970 = 86_400_000L;
    private static final long IN_2100 = 4_102_444_800_000L;

    /** As large as Kafka's default of max.message.bytes lets a record be, but for its own framing. */
    private static final int LARGE_BYTES = 1_048_588 - 200;

    private final String topic;
    private final String id;
    private final Schema schema;
    private final Map<String, Object> good;
    private final byte[] key;
    private final List<Dose> doses = new ArrayList<>();

    private Poison(String topic, String id, Schema schema, String keyField, Map<String, Object> good) {
        this.topic = topic;
        this.id = id;
        this.schema = schema;
        this.good = good;
        this.key = bytes((String) Optional.ofNullable(good.get(keyField)).orElseThrow());
    }

    /** One of each kind; values differ from number to number where chance has a part in them. */
    static List<Dose> exposures(int number) {
        Exposure exposure = new Exposure("bad" + number, "u1", "i1", SeededStream.T0, 0, Features.NONE);
        Poison poison = new Poison(
                "exposures", "exposure_id", ExposureEvent.getClassSchema(), "user_id", ForeignRecords.fields(exposure));
        poison.bytes(number);
        poison.ids("bad-id");
        poison.features("context");
        poison.times(true);
        poison.add("no value", "null-value", poison.key, Optional.empty());
        poison.add("another's key", "bad-key", bytes("u2"), Optional.of(poison.goodBytes()));
        return poison.doses;
    }

    static List<Dose> clicks(int number) {
        Click click =
                new Click("bad" + number, "u1", "i1", Optional.empty(), "click", 1, SeededStream.T0, 0, Features.NONE);
        Poison poison =
                new Poison("clicks", "click_id", ClickEvent.getClassSchema(), "user_id", ForeignRecords.fields(click));
        poison.bytes(number);
        poison.ids("bad-id");
        poison.features("context");
        poison.times(true);
        poison.add("no value", "null-value", poison.key, Optional.empty());
        poison.add("another's key", "bad-key", bytes("u2"), Optional.of(poison.goodBytes()));
        for (double weight : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY, 1e38}) {
            poison.changed("weight " + weight, "bad-weight", "weight", weight);
        }
        return poison.doses;
    }

    static List<Dose> users(int number) {
        Poison poison = new Poison(
                "users", "user_id", UserEvent.getClassSchema(), "user_id", ForeignRecords.fields(SeededStream.user(1)));
        poison.bytes(number);
        poison.ids("bad-user");
        poison.features("features");
        poison.times(true);
        poison.add("removal of nobody", "bad-user", bytes(" "), Optional.empty());
        poison.add("another's key", "bad-key", bytes("u2"), Optional.of(poison.goodBytes()));
        return poison.doses;
    }

    static List<Dose> items(int number) {
        Poison poison = new Poison(
                "items", "item_id", ItemEvent.getClassSchema(), "item_id", ForeignRecords.fields(SeededStream.item(1)));
        poison.bytes(number);
        poison.ids("bad-item");
        poison.features("features");
        poison.times(false); // an item ends no window, whenever it says it is of
        poison.add("removal of nothing", "bad-item", bytes(" "), Optional.empty());
        poison.add("another's key", "bad-key", bytes("i2"), Optional.of(poison.goodBytes()));
        return poison.doses;
    }

    /** Those of a wrong time alone. */
    static List<Dose> times(List<Dose> all) {
        return all.stream().filter(dose -> dose.reason().equals("bad-time")).toList();
    }

    private void bytes(int number) {
        byte[] goodBytes = goodBytes();
        byte[] random = random(100, number);
        random[0] = 0x7f;
        value("random bytes", "undecodable", random);
        value("nothing", "undecodable", new byte[0]);
        value("one byte of magic", "undecodable", new byte[] {(byte) 0xC3});
        value("a header alone", "undecodable", Arrays.copyOf(goodBytes, 10));
        value("cut short", "undecodable", Arrays.copyOf(goodBytes, (10 + goodBytes.length) / 2));
        value("another magic", "undecodable", changed(goodBytes, 1, (byte) 2));
        value("unknown fingerprint", "unknown-schema", changed(goodBytes, 5, (byte) ~goodBytes[5]));
        value("registry's framing, no registry", "unknown-schema", changed(goodBytes, 0, (byte) 0));
        // a text said to be 2^62 bytes long
        byte[] endless = changed(Arrays.copyOf(goodBytes, 30), 10, (byte) 0xff);
        Arrays.fill(endless, 10, 18, (byte) 0xff);
        value("endless text", "undecodable", endless);
        byte[] large = random(LARGE_BYTES, number);
        large[0] = 0x7f;
        value("large", "undecodable", large);
        // compressed it is small, and so comes in where it is larger than it could go out
        value("large once unpacked", "unknown-schema", new byte[10 << 20]); // 00, as the registry's framing
    }

    private void ids(String reason) {
        boolean isKey = reason.equals("bad-user") || reason.equals("bad-item");
        for (String bad : List.of("", "  ", "x".repeat(257), "tab\tin it", "nul\0in it")) {
            Map<String, Object> fields = new TreeMap<>(good);
            fields.put(id, bad);
            add(
                    "id of " + bad.length() + " characters",
                    reason,
                    isKey ? bytes(bad) : key,
                    Optional.of(ForeignRecords.written(schema, fields)));
        }
    }

    private void features(String field) {
        for (double number : new double[] {Double.NaN, Double.NEGATIVE_INFINITY, 1e38}) {
            changed("number " + number, "bad-value", field, Map.of("price", ForeignRecords.number(number)));
        }
        for (float component : new float[] {Float.NaN, Float.POSITIVE_INFINITY, 1e38f}) {
            changed(
                    "component " + component,
                    "bad-component",
                    field,
                    Map.of("image", ForeignRecords.vector(1, component)));
        }
    }

    private void times(boolean untilNow) {
        for (long time : new long[] {-1, Long.MIN_VALUE, IN_1970, SeededStream.T0 / 1000, IN_2100, Long.MAX_VALUE}) {
            changed("time " + time, "bad-time", "time", time);
        }
        if (untilNow) {
            changed("far ahead", "bad-time", "time", FAR_AHEAD);
        }
    }

    private byte[] goodBytes() {
        return ForeignRecords.written(schema, good);
    }

    private void changed(String kind, String reason, String field, Object bad) {
        Map<String, Object> fields = new TreeMap<>(good);
        fields.put(field, bad);
        value(kind, reason, ForeignRecords.written(schema, fields));
    }

    private void value(String kind, String reason, byte[] value) {
        add(kind, reason, key, Optional.of(value));
    }

    private void add(String kind, String reason, byte[] of, Optional<byte[]> value) {
        doses.add(new Dose(topic, kind, reason, of, value));
    }

    private static byte[] changed(byte[] bytes, int at, byte to) {
        byte[] copy = bytes.clone();
        copy[at] = to;
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
