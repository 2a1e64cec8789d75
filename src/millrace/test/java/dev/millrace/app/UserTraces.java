package dev.millrace.app;

import dev.millrace.state.KeyIndex;
import dev.millrace.state.Sha256;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * Finds what stands for some users: ids, what is made of an id, and pairs of items that one of them alone clicked. Texts have one
 * character a byte.
 */
final class UserTraces {

    private static final int HEX = 16;

    private final List<String> anywhere = new ArrayList<>();
    /** What stands for users in lists of neighbours; it is too short to be looked for elsewhere. */
    private final List<String> inLists = new ArrayList<>();

    private final List<List<String>> pairs;

    /** @param pairs of items that one of the users clicked, one after the other, and nobody else */
    UserTraces(List<String> users, List<List<String>> pairs) {
        this.pairs = pairs;
        for (String user : users) {
            byte[] id = user.getBytes(StandardCharsets.UTF_8);
            anywhere.add(text(id));
            anywhere.add(fingerprint(user));
            anywhere.add(HexFormat.of().formatHex(Sha256.start().digest(id)));
            inLists.add(digest(user));
            inLists.add(Integer.toUnsignedString(digestOf(user), HEX));
        }
    }

    /** What stands for a user in a clock, as stored: of an id of up to 7 characters these, backwards. */
    static String fingerprint(String user) {
        return text(littleEndian(Long.BYTES).putLong(KeyIndex.fingerprint(user)).array());
    }

    /** What stands for a user in a list of neighbours, as stored. */
    static String digest(String user) {
        return text(littleEndian(Integer.BYTES).putInt(digestOf(user)).array());
    }

    private static int digestOf(String user) {
        return ByteBuffer.wrap(Sha256.start().digest(user.getBytes(StandardCharsets.UTF_8)))
                .getInt();
    }

    private static ByteBuffer littleEndian(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    boolean areIn(String text) {
        return anywhere.stream().anyMatch(text::contains);
    }

    boolean areIn(byte[] bytes) {
        return areIn(text(bytes));
    }

    /** Whether an entry of a store or a record of a topic is of these users, or of a pair of theirs. */
    boolean areIn(String key, String value) {
        return areIn(key)
                || areIn(value)
                || pairs.stream()
                        .anyMatch(pair -> pair.stream().allMatch(item -> key.contains(item) || value.contains(item)));
    }

    /** As {@link #areIn(String, String)}, of an entry of a learner. Its alarms count how often each item was clicked: these are no pairs. */
    boolean areInLearner(String key, String value) {
        if (key.startsWith("A")) {
            return areIn(key) || areIn(value);
        }
        boolean isOfLists = key.startsWith("N") || key.startsWith("n");
        return areIn(key, value)
                || (isOfLists && inLists.stream().anyMatch(trace -> key.contains(trace) || value.contains(trace)));
    }
}
