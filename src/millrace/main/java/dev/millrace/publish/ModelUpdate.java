package dev.millrace.publish;

import java.util.Optional;

/**
 * One entry of the query side, as subscribers get it.
 *
 * @param generation lineage of weights
 * @param step the learning step after which the entry had this value; 0 for a deletion
 * @param key of the entry
 * @param entry its value; absent when it was deleted
 */
public record ModelUpdate(String generation, long step, byte[] key, Optional<byte[]> entry) {}
