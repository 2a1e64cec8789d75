package dev.millrace.feature;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Turns a text into keys of embedding rows: words, word n-grams, and character n-grams within words.
 *
 * <p>Letters are lower-cased. Every character that is neither letter nor digit separates words. Character n-grams mark
 * the ends of the word, as in Bojanowski et al. 2017: with length 3, {@code mill} has {@code <mi}, {@code mil},
 * {@code ill}, {@code ll>}. A repeated n-gram counts each time.
 *
 * @param words length of the longest word n-grams; 0 for no words
 * @param characters length of the character n-grams; 0 for none
 * @param buckets number of rows that the keys share by a hash; 0 for one row per key
 */
public record TextGrams(int words, int characters, int buckets) {

    /** For features that are not texts. */
    public static final TextGrams NONE = new TextGrams(0, 0, 0);

    private static final char OF_CHARACTERS = '~'; // not part of any word
    private static final char OF_BUCKET = '#';
    private static final long FNV_BASIS = 0xcbf29ce484222325L;
    private static final long FNV_PRIME = 0x100000001b3L;

    /**
     * Returns the first {@code max} keys of the texts. Each text gives its words, then longer and longer word n-grams,
     * then character n-grams.
     */
    public List<String> keys(List<String> texts, int max) {
        List<String> keys = new ArrayList<>();
        for (String text : texts) {
            List<String> split = split(text);
            for (int length = 1; length <= words; length++) {
                for (int at = 0; at + length <= split.size() && keys.size() < max; at++) {
                    keys.add(key(String.join(" ", split.subList(at, at + length))));
                }
            }
            for (String word : characters > 0 ? split : List.<String>of()) {
                int[] marked = ("<" + word + ">").codePoints().toArray();
                for (int at = 0; at + characters <= marked.length && keys.size() < max; at++) {
                    keys.add(key(OF_CHARACTERS + new String(marked, at, characters)));
                }
            }
        }
        return keys;
    }

    private String key(String gram) {
        return buckets == 0 ? gram : OF_BUCKET + Long.toString(Math.floorMod(hash(gram), (long) buckets));
    }

    /** FNV-1a of 64 bits (Fowler, Noll and Vo) over the text in UTF-8. */
    private static long hash(String gram) {
        long hash = FNV_BASIS;
        for (byte octet : gram.getBytes(StandardCharsets.UTF_8)) {
            hash = (hash ^ (octet & 0xff)) * FNV_PRIME;
        }
        return hash;
    }

    private static List<String> split(String text) {
        List<String> found = new ArrayList<>();
        StringBuilder word = new StringBuilder();
        text.toLowerCase(Locale.ROOT).codePoints().forEach(point -> {
            if (Character.isLetterOrDigit(point)) {
                word.appendCodePoint(point);
            } else if (word.length() > 0) {
                found.add(word.toString());
                word.setLength(0);
            }
        });
        if (word.length() > 0) {
            found.add(word.toString());
        }
        return found;
    }
}
