package dev.millrace.verify.books;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.attribute.AttributionSettings;
import java.util.zip.CRC32C;

/**
 * An exposure as its topic has it.
 *
 * @param id hash of user, item and id of the exposure
 * @param user hash of the user
 * @param time event time, epoch milliseconds
 * @param clock event time of its topic here
 * @param isSampled whether it becomes an example if it ends without a click
 */
record LoggedExposure(IdHash id, IdHash user, long time, ClockBounds.Range clock, long offset, boolean isSampled) {

    /** Returns true if the exposure becomes an example when it ends without a click; the rule is in docs/topics.md. */
    static boolean isSampled(AttributionSettings.Unclicked settings, String user, String item, String id) {
        CRC32C crc = new CRC32C();
        crc.update(String.join("\0", Long.toString(settings.seed()), user, item, id)
                .getBytes(UTF_8));
        return (double) crc.getValue() / (1L << 32) < settings.share();
    }
}
