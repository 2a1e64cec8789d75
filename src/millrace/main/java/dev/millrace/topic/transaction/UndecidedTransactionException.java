package dev.millrace.topic.transaction;

import java.util.List;
import org.apache.kafka.common.KafkaException;

/** The end of a transaction is missing in a log, and nobody knows any more which it was: only a person can decide. */
public final class UndecidedTransactionException extends KafkaException {

    private static final long serialVersionUID = 1L;

    UndecidedTransactionException(List<JudgedTransaction> undecided) {
        super(message(undecided));
    }

    private static String message(List<JudgedTransaction> undecided) {
        StringBuilder text = new StringBuilder(
                "the end of a transaction is missing, and whether it was committed is no longer known. Readers of committed records stop "
                        + "there. Look at the records, then end each by hand: millrace transactions settle --force-abort PLACE, or "
                        + "--force-commit PLACE");
        undecided.forEach(one -> text.append("\n  ").append(one.text()));
        return text.toString();
    }
}
