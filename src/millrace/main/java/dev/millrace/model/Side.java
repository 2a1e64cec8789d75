package dev.millrace.model;

import dev.millrace.state.CorruptEntryException;
import java.util.Locale;

/** The two towers. */
public enum Side {
    USER('u'),
    ITEM('i');

    private final byte code;

    Side(char code) {
        this.code = (byte) code;
    }

    /** Returns what is of this tower. */
    <T> T of(T user, T item) {
        return this == USER ? user : item;
    }

    /** Its name in metrics and reports. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Its code in the keys of entries. */
    byte code() {
        return code;
    }

    static Side of(byte code) {
        for (Side side : values()) {
            if (side.code == code) {
                return side;
            }
        }
        throw new CorruptEntryException("there is no tower " + (char) code);
    }
}
