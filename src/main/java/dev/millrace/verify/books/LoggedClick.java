package dev.millrace.verify.books;

import java.util.Optional;

/**
 * A click as its topic has it.
 *
 * @param id of the click as text: faults name it, and waiting clicks are answered in the order of their ids
 * @param userAndId hash of both
 * @param user hash of the user who clicked
 * @param pair hash of user and item
 * @param exposure hash of user, item and the exposure that the click names; absent if it names none
 * @param time event time, epoch milliseconds
 * @param topicTime latest event time of its partition up to here, epoch milliseconds
 * @param offset in its partition
 */
record LoggedClick(
        String id,
        IdHash userAndId,
        IdHash user,
        IdHash pair,
        Optional<IdHash> exposure,
        String action,
        double weight,
        long time,
        long topicTime,
        long offset) {}
