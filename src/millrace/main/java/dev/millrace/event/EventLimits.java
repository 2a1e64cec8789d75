package dev.millrace.event;

import dev.millrace.settings.SettingsReader;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** How large the features of one event may be. All records that are made of events are bounded by this. */
public record EventLimits(int features, int featureBytes, int featuresBytes, int profileBytes) {

    /** Most bytes of an id, of an action's name and of a feature's name. */
    public static final int MAX_ID_BYTES = 256;

    /** First event time that is accepted, 1980-01-01, epoch milliseconds: smaller values are seconds. */
    public static final long EARLIEST_MILLIS = 315_532_800_000L;

    /** First event time that is too late, 2100-01-01, epoch milliseconds: larger values are microseconds. */
    public static final long TOO_LATE_MILLIS = 4_102_444_800_000L;

    private static final int BYTES_A_TEXT = 4; // its length, as it is stored
    private static final int BYTES_A_KIND = 4;

    public static EventLimits read(SettingsReader reader) {
        EventLimits limits = new EventLimits(
                reader.integer(
                        "limits.features = 500 in [1, 10000]: maximum number of features of a user, an item or a "
                                + "context; an event with more is a dead letter"),
                reader.integer(
                        "limits.feature-bytes = 65536 in [256, 4194304]: maximum bytes of the value of a feature: "
                                + "texts in UTF-8, 4 more for each text of a bag, 4 for each component of a vector"),
                reader.integer(
                        "limits.features-bytes = 131072 in [1024, 4194304]: maximum bytes of all features of a user, "
                                + "an item or a context, counting 12 plus name and value for each"),
                reader.integer(
                        "limits.profile-bytes = 16384 in [1024, 4194304]: maximum bytes of all features of a user, "
                                + "counted as in limits.features-bytes; each click of the user copies them to "
                                + "training-examples and user-features"));
        reader.require(
                limits.featuresBytes >= limits.featureBytes,
                "limits.features-bytes: must be at least limits.feature-bytes");
        return limits;
    }

    /**
     * Checks that features are within the limits.
     *
     * @param field name of the event's field, for the message
     * @throws UnusableEventException with {@link RejectReason#TOO_LARGE} and the feature, its size and the limit
     */
    public void check(String field, Features given) {
        require(bytes(field, given), featuresBytes, field, "bytes", "limits.features-bytes");
    }

    /** As {@link #check}, of the features of a user. */
    public void checkProfile(String field, Features given) {
        long bytes = bytes(field, given);
        require(bytes, featuresBytes, field, "bytes", "limits.features-bytes");
        require(bytes, profileBytes, field, "bytes", "limits.profile-bytes");
    }

    /** Returns the bytes of all features, each of which is checked. */
    private long bytes(String field, Features given) {
        Map<String, FeatureValue> values = given.values();
        require(values.size(), features, field, "features", "limits.features");
        long all = BYTES_A_TEXT;
        for (Map.Entry<String, FeatureValue> feature : values.entrySet()) {
            String name = feature.getKey();
            long nameBytes = utf8Bytes(name);
            long bytes = bytes(feature.getValue());
            requireOf(name, nameBytes, MAX_ID_BYTES, field, "bytes of its name", "a fixed limit");
            requireOf(name, bytes, featureBytes, field, "bytes", "limits.feature-bytes");
            all += BYTES_A_TEXT + nameBytes + BYTES_A_KIND + BYTES_A_TEXT + bytes;
        }
        return all;
    }

    /** Bytes of a text in UTF-8. */
    public static long utf8Bytes(String text) {
        int ascii = 0;
        while (ascii < text.length() && text.charAt(ascii) < 0x80) {
            ascii++;
        }
        return ascii == text.length() ? ascii : text.getBytes(StandardCharsets.UTF_8).length;
    }

    private static long bytes(FeatureValue value) {
        return value.<Long>match(
                category -> utf8Bytes(category.value()),
                quantity -> (long) Double.BYTES,
                bag -> bag.values().stream()
                        .mapToLong(text -> BYTES_A_TEXT + utf8Bytes(text))
                        .sum(),
                dense -> (long) Float.BYTES * dense.values().size());
    }

    private static void requireOf(String feature, long found, int most, String field, String unit, String setting) {
        if (found > most) {
            require(found, most, field + '.' + Require.printable(feature), unit, setting);
        }
    }

    private static void require(long found, int most, String path, String unit, String setting) {
        if (found > most) {
            throw new UnusableEventException(
                    RejectReason.TOO_LARGE, path, found + " " + unit, "must be at most " + most + " (" + setting + ")");
        }
    }
}
