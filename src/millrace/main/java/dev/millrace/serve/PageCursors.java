package dev.millrace.serve;

import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.SettingFault;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Cursors: what a user was answered so far, as texts that clients bring back, so that nothing of it is kept here. Safe for threads.
 *
 * <p>A cursor is half an HMAC-SHA-256 of user and page, and then the page, in base64url. A page is an array of the generation and the items, as JSON. Servers of one
 * key take each other's.
 */
final class PageCursors {

    /** In place of a cursor: the first page is asked for. */
    private static final String FIRST = "first";

    private static final String KEY = "serve.cursor-key.file";

    private static final int MOST = 1_000;
    private static final int LEAST_KEY_BYTES = 32;
    private static final int SEAL_BYTES = 16;
    private static final String HMAC = "HmacSHA256";
    private static final Base64.Encoder TEXT = Base64.getUrlEncoder().withoutPadding();

    private final SecretKeySpec key;

    private PageCursors(byte[] key) {
        this.key = new SecretKeySpec(key, HMAC);
    }

    /**
     * @param file of the key; without one, the key is of this process alone
     * @throws InvalidSettingsException if the file cannot be used
     */
    static PageCursors of(Optional<Path> file) {
        byte[] key = new byte[LEAST_KEY_BYTES];
        new SecureRandom().nextBytes(key);
        return new PageCursors(file.map(PageCursors::read).orElse(key));
    }

    private static byte[] read(Path file) {
        try {
            byte[] key = Files.readAllBytes(file);
            if (key.length >= LEAST_KEY_BYTES) {
                return key;
            }
        } catch (IOException unreadable) {
            throw unusable(file, "cannot be read: " + unreadable);
        }
        throw unusable(file, "must have at least " + LEAST_KEY_BYTES + " bytes");
    }

    private static InvalidSettingsException unusable(Path file, String rule) {
        return new InvalidSettingsException(List.of(new SettingFault(KEY, file.toString(), rule)));
    }

    /** The cursor behind so many items; absent if these are more than a cursor may have. */
    Optional<String> behind(String user, String generation, List<String> answered) {
        if (answered.size() > MOST) {
            return Optional.empty();
        }
        List<String> all = new ArrayList<>(List.of(generation));
        all.addAll(answered);
        byte[] page = Json.bytes(all);
        byte[] cursor = Arrays.copyOf(seal(user, page), SEAL_BYTES + page.length);
        System.arraycopy(page, 0, cursor, SEAL_BYTES, page.length);
        return Optional.of(TEXT.encodeToString(cursor));
    }

    /**
     * The items that a user was answered before.
     *
     * @param given what the request has of {@code page}
     * @param generation that is to answer
     * @throws RefusedRequestException if it is no cursor of this user by this key, or one of another generation
     */
    List<String> answered(Given given, String name, String user, String generation) {
        String text = given.text(name);
        if (text.equals(FIRST)) {
            return List.of();
        }
        List<String> page = page(text, user)
                .orElseThrow(
                        () -> given.refused(name, "must be " + FIRST + ", or what an answer to this user had as next"));
        if (!page.get(0).equals(generation)) {
            throw new RefusedRequestException(Problem.of(
                    409,
                    name + " is of generation " + page.get(0) + ", and " + generation + " answers: begin with " + FIRST
                            + ", or name the generation"));
        }
        return page.subList(1, page.size());
    }

    /** The generation and the items of a cursor; absent if it was not sealed for this user. */
    private Optional<List<String>> page(String text, String user) {
        byte[] cursor;
        try {
            cursor = Base64.getUrlDecoder().decode(text);
        } catch (IllegalArgumentException malformed) {
            return Optional.empty();
        }
        int sealed = Math.min(SEAL_BYTES, cursor.length);
        byte[] page = Arrays.copyOfRange(cursor, sealed, cursor.length);
        boolean isOurs = MessageDigest.isEqual(seal(user, page), Arrays.copyOf(cursor, sealed));
        return isOurs ? Optional.of(texts(page)) : Optional.empty();
    }

    private byte[] seal(String user, byte[] page) {
        try {
            Mac mac = Mac.getInstance(HMAC);
            mac.init(key);
            mac.update(user.getBytes(StandardCharsets.UTF_8));
            mac.update((byte) 0); // no id has it
            return Arrays.copyOf(mac.doFinal(page), SEAL_BYTES);
        } catch (GeneralSecurityException missing) {
            throw new IllegalStateException("every Java has " + HMAC, missing);
        }
    }

    private static List<String> texts(byte[] page) {
        List<String> texts = new ArrayList<>();
        Json.tree(page).forEach(text -> texts.add(text.asText()));
        return texts;
    }
}
