package dev.millrace.merge;

import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.Form;
import dev.millrace.state.Sha256;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A part of a delta, small enough for a record of a topic. Parts of a shard come one after the other.
 *
 * @param shard of the delta
 * @param delta its number
 * @param part from 0
 * @param parts number of its parts
 * @param sha256 of all bytes of the delta, in hexadecimal
 * @param bytes of this part
 */
public record DeltaPart(int shard, long delta, int part, int parts, String sha256, byte[] bytes) {

    /** Bytes of a part; the last one may have fewer. */
    static final int LARGEST_BYTES = 1 << 19;

    private static final DeltaPart NONE = new DeltaPart(0, 1, 0, 1, "", new byte[0]);

    public DeltaPart {
        if (shard < 0 || delta < 1 || part < 0 || part >= parts) {
            throw new CorruptEntryException("part " + part + " of " + parts + " of delta " + delta + " of shard "
                    + shard + ": a delta counts from 1, its shard and its parts from 0");
        }
    }

    /** Returns the parts of a delta. */
    public static List<DeltaPart> of(Delta delta) {
        return of(delta, LARGEST_BYTES);
    }

    static List<DeltaPart> of(Delta delta, int largestBytes) {
        byte[] all = delta.encoded();
        String sha256 = Sha256.hex(all);
        int parts = (all.length + largestBytes - 1) / largestBytes;
        List<DeltaPart> split = new ArrayList<>(parts);
        for (int part = 0; part < parts; part++) {
            int from = part * largestBytes;
            byte[] bytes = Arrays.copyOfRange(all, from, Math.min(all.length, from + largestBytes));
            split.add(new DeltaPart(delta.origin().shard(), delta.origin().number(), part, parts, sha256, bytes));
        }
        return split;
    }

    /**
     * Returns the delta that parts make.
     *
     * @param parts all of it, in their order
     * @throws CorruptEntryException if their bytes are not those that the delta had
     */
    public static Delta whole(List<DeltaPart> parts) {
        DeltaPart first = parts.get(0);
        byte[] all = new byte[parts.stream().mapToInt(part -> part.bytes.length).sum()];
        int at = 0;
        for (DeltaPart part : parts) {
            System.arraycopy(part.bytes, 0, all, at, part.bytes.length);
            at += part.bytes.length;
        }
        String found = Sha256.hex(all);
        Delta delta = Delta.decoded(all);
        if (!found.equals(first.sha256)
                || delta.origin().shard() != first.shard
                || delta.origin().number() != first.delta) {
            throw new CorruptEntryException("delta " + first.delta + " of shard " + first.shard + " has SHA-256 "
                    + found + ", its parts say " + first.sha256);
        }
        return delta;
    }

    /** Returns whether it comes next, behind parts of the same shard. */
    boolean follows(List<DeltaPart> before) {
        return before.isEmpty()
                ? part == 0
                : part == before.size()
                        && delta == before.get(0).delta
                        && parts == before.get(0).parts
                        && sha256.equals(before.get(0).sha256);
    }

    public byte[] encoded() {
        return Form.written(this::fields);
    }

    public static DeltaPart decoded(byte[] value) {
        return Form.read(value, NONE::fields);
    }

    private DeltaPart fields(Form form) {
        return new DeltaPart(
                form.integer(shard),
                form.longInteger(delta),
                form.integer(part),
                form.integer(parts),
                form.text(sha256),
                form.bytes(bytes));
    }
}
