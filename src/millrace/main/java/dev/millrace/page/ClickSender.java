package dev.millrace.page;

import java.util.OptionalLong;

/** Sends a click of a user on an item, as if the page were the shop. */
public interface ClickSender {

    /** Returns the event time of the click; absent if it was not sent, as no event has been sent yet whose time it could have. */
    OptionalLong send(String user, String item);
}
