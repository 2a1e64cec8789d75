package dev.millrace.verify.books;

import java.util.Optional;

/**
 * A click as the audit keeps it.
 *
 * @param id of the click, as text: to name it, and because waiting clicks are answered in the order of their ids
 * @param click user and id
 * @param user who acted
 * @param pair user and item
 * @param exposure user, item and the exposure that it names
 * @param time event time, epoch milliseconds
 * @param reached latest event time of its partition up to and with it
 */
record LoggedClick(
        String id,
        IdHash click,
        IdHash user,
        IdHash pair,
        Optional<IdHash> exposure,
        String action,
        double weight,
        long time,
        long reached,
        long offset) {}
