package dev.millrace.verify;

import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.Fields;
import dev.millrace.state.Frame;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.NavigableMap;
import java.util.function.BiConsumer;

/**
 * One trainer's entries as a file.
 *
 * <p>Layout, little-endian: magic (8 bytes); a {@link Frame} of version, generation, step, settings hash, numeric fingerprint,
 * number of entries; for each entry, in the unsigned order of the keys, a frame of key length (int32), key and value; SHA-256 of all
 * before (32 bytes); end.
 */
final class Checkpoint {

    /**
     * What a file says it holds.
     *
     * @param generation lineage of weights
     * @param step that the entries are as of
     * @param settingsHash of all that the trainer was told
     * @param fingerprint of the engine
     * @param entries how many follow
     */
    record Header(String generation, long step, String settingsHash, String fingerprint, long entries) {

        /** @throws CorruptEntryException if the other is of another lineage */
        void requireSameLineage(Header other) {
            require("generation", generation, other.generation);
            require("settings hash", settingsHash, other.settingsHash);
            require("numeric fingerprint", fingerprint, other.fingerprint);
        }

        private static void require(String what, String expected, String found) {
            if (!expected.equals(found)) {
                throw new CorruptEntryException("it has " + what + " " + found + ", this process has " + expected);
            }
        }

        Header at(long otherStep, long otherEntries) {
            return new Header(generation, otherStep, settingsHash, fingerprint, otherEntries);
        }
    }

    private static final byte[] MAGIC = "MILLRCKP".getBytes(StandardCharsets.US_ASCII);
    private static final int VERSION = 1;
    private static final int FRAME_HEADER_BYTES = 8;
    private static final int LARGEST_FRAME_BYTES = 64 << 20;

    private Checkpoint() {}

    /** Writes header, entries and the closing sum. */
    static void write(OutputStream to, Header header, NavigableMap<byte[], byte[]> entries) throws IOException {
        MessageDigest sum = sha256();
        DigestOutputStream out = new DigestOutputStream(to, sum);
        out.write(MAGIC);
        out.write(new Fields()
                .integer(VERSION)
                .text(header.generation)
                .longInteger(header.step)
                .text(header.settingsHash)
                .text(header.fingerprint)
                .longInteger(entries.size())
                .framed());
        for (Map.Entry<byte[], byte[]> entry : entries.entrySet()) {
            byte[] key = entry.getKey();
            byte[] value = entry.getValue();
            out.write(Frame.seal(Frame.allocate(Integer.BYTES + key.length + value.length)
                    .putInt(key.length)
                    .put(key)
                    .put(value)));
        }
        to.write(sum.digest());
    }

    /**
     * Reads a file to its end and checks all of it.
     *
     * @param entry given each key and value; not to be trusted before this returns
     * @throws CorruptEntryException if anything is not as it was written
     */
    static Header read(Path file, BiConsumer<byte[], byte[]> entry) throws IOException {
        MessageDigest sum = sha256();
        try (InputStream opened = new BufferedInputStream(Files.newInputStream(file), 1 << 16);
                DigestInputStream summed = new DigestInputStream(opened, sum)) {
            DataInputStream in = new DataInputStream(summed);
            if (!Arrays.equals(exactly(in, MAGIC.length), MAGIC)) {
                throw new CorruptEntryException("it does not begin as a checkpoint");
            }
            Header header = header(frame(in));
            byte[] before = new byte[0];
            for (long number = 0; number < header.entries; number++) {
                ByteBuffer payload = frame(in);
                int keyBytes = payload.getInt();
                if (keyBytes < 1 || keyBytes > payload.remaining()) {
                    throw new CorruptEntryException("entry " + number + " names a key of " + keyBytes + " bytes");
                }
                byte[] key = new byte[keyBytes];
                payload.get(key);
                byte[] value = new byte[payload.remaining()];
                payload.get(value);
                if (Arrays.compareUnsigned(before, key) >= 0) {
                    throw new CorruptEntryException("entry " + number + " is not in the order of the keys");
                }
                before = key;
                entry.accept(key, value);
            }
            String found = HexFormat.of().formatHex(sum.digest());
            summed.on(false);
            String written = HexFormat.of().formatHex(exactly(in, found.length() / 2));
            if (!written.equals(found)) {
                throw new CorruptEntryException("its SHA-256 is " + found + ", it names " + written);
            }
            if (in.read() >= 0) {
                throw new CorruptEntryException("it goes on after its end");
            }
            return header;
        }
    }

    private static Header header(ByteBuffer payload) {
        int version = payload.getInt();
        if (version != VERSION) {
            throw new CorruptEntryException("it has version " + version + ", this program reads " + VERSION);
        }
        return new Header(
                Fields.text(payload), payload.getLong(), Fields.text(payload), Fields.text(payload), payload.getLong());
    }

    /** The payload of the next frame, checked. */
    private static ByteBuffer frame(DataInputStream in) throws IOException {
        byte[] head = exactly(in, FRAME_HEADER_BYTES);
        int length = ByteBuffer.wrap(head).order(ByteOrder.LITTLE_ENDIAN).getInt();
        if (length < 0 || length > LARGEST_FRAME_BYTES) {
            throw new CorruptEntryException("a frame names " + length + " bytes");
        }
        byte[] payload = exactly(in, length);
        return Frame.open(
                ByteBuffer.allocate(head.length + length).put(head).put(payload).array());
    }

    private static byte[] exactly(DataInputStream in, int bytes) throws IOException {
        byte[] read = in.readNBytes(bytes);
        if (read.length < bytes) {
            throw new CorruptEntryException("it ends early");
        }
        return read;
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException absent) {
            throw new IllegalStateException("every Java platform has SHA-256", absent);
        }
    }
}
