package dev.millrace.index;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.function.ToDoubleFunction;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * That an answer is drawn, and not the best by score: {@link Draw} says how.
 *
 * @param temperature of the draw, on the scale of the scores, from {@value #COLDEST} to {@value #HOTTEST}; smaller is nearer to the order of the scores
 * @param best from how many items by score it is drawn, from 1 to {@value #MOST}
 * @param slots places that are {@link Draw.Newcomer newcomers'}, from 0 to {@value #MOST}
 * @param seed 128 random bits in hexadecimal, from which all noise of the answer follows; no client may know or choose them
 */
public record Exploration(double temperature, int best, int slots, String seed) {

    public static final double COLDEST = 0.001;
    public static final double HOTTEST = 100;
    public static final int MOST = 200;
    public static final int SEED_BYTES = 16;

    private static final String HMAC = "HmacSHA256";
    private static final int ID_BYTES = 16;
    private static final int BITS = 52; // so that the middle between two of so many numbers is a double

    public Exploration {
        if (!(temperature >= COLDEST && temperature <= HOTTEST)) {
            throw new IllegalArgumentException(
                    "explore = " + temperature + ": must be from " + COLDEST + " to " + HOTTEST);
        }
        if (best < 1 || best > MOST) {
            throw new IllegalArgumentException("best = " + best + ": must be from 1 to " + MOST);
        }
        if (slots < 0 || slots > MOST) {
            throw new IllegalArgumentException("slots = " + slots + ": must be from 0 to " + MOST);
        }
        if (HexFormat.of().parseHex(seed).length != SEED_BYTES) {
            throw new IllegalArgumentException("the seed has " + seed.length() + " digits: must have 32");
        }
    }

    /** The id of the answer: what the seed makes of the empty text, which no item is called. It gives nothing of the seed away. */
    public String answerId() {
        return HexFormat.of().formatHex(Arrays.copyOf(mac().doFinal(), ID_BYTES));
    }

    /** Whether a place is the last one of one of as many equal parts of the answer as there are slots. */
    boolean isSlot(int place, int of) {
        return place * slots / of > (place - 1) * slots / of;
    }

    /**
     * The noise of items: standard Gumbel numbers, −ln(−ln u). Of u, in (0, 1), 52 bits of the HMAC-SHA-256 of the item's id in UTF-8, with the seed for the
     * key, are the number of its middle among 2^52 equal parts. One thread.
     *
     * @param from which of its longs begins with the bits: noise from another one is independent
     */
    ToDoubleFunction<String> noise(int from) {
        Mac mac = mac();
        return item -> {
            long bits = ByteBuffer.wrap(mac.doFinal(item.getBytes(StandardCharsets.UTF_8)))
                    .getLong(from * Long.BYTES);
            double uniform = ((bits >>> (Long.SIZE - BITS)) + 0.5) / (1L << BITS);
            return -StrictMath.log(-StrictMath.log(uniform));
        };
    }

    private Mac mac() {
        try {
            Mac mac = Mac.getInstance(HMAC);
            mac.init(new SecretKeySpec(HexFormat.of().parseHex(seed), HMAC));
            return mac;
        } catch (GeneralSecurityException missing) {
            throw new IllegalStateException("every Java has " + HMAC, missing);
        }
    }
}
