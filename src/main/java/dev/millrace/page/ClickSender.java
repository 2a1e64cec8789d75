package dev.millrace.page;

/** Sends a click of a user on an item, as if the page were the shop. */
public interface ClickSender {

    /** Returns false if no event has been sent yet whose time the click could have. */
    boolean send(String user, String item);
}
