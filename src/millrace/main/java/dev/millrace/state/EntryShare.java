package dev.millrace.state;

/**
 * What an entry adds to an {@link EntrySum}: the {@link Hash128} of its value, with that of its key as the seed. It tells what chance
 * changed; somebody who can choose entries can make two that share one.
 */
public record EntryShare(long first, long second) {

    public static EntryShare of(byte[] key, byte[] value) {
        Hash128 hash = Hash128.of(value, Hash128.of(key, Hash128.NO_SEED));
        return new EntryShare(hash.first(), hash.second());
    }
}
