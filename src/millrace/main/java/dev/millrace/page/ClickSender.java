package dev.millrace.page;

import java.util.List;
import java.util.OptionalLong;

/** Sends what a user does with an item, as if the page were the shop. */
public interface ClickSender {

    /** The action of a visitor that needs no setting. */
    String CLICK = "click";

    /** Returns the names of the actions: {@value #CLICK}, then one that hides an item and one that brings it back, if the settings have such. */
    List<String> actions();

    /** Returns the event time of the click; absent if it was not sent, as no event has been sent yet whose time it could have. */
    OptionalLong send(String user, String item, String action);
}
