package dev.millrace.state;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

final class BooksTest {

    private final Books books = new Books('b');

    @Test
    void whatCameInIsWhatBecameOfItAndWhatWaits() {
        books.settle(InputTopic.CLICKS, Outcome.DUPLICATE);
        books.settle(InputTopic.CLICKS, Outcome.REJECTED, "bad-time");
        books.await(InputTopic.CLICKS);
        books.await(InputTopic.CLICKS);
        books.await(InputTopic.CLICKS);

        books.settleWaiting(InputTopic.CLICKS, Outcome.ATTRIBUTED);
        books.settleWaiting(InputTopic.CLICKS, Outcome.LATE, 0);

        Books.Account clicks = Books.Account.of(InputTopic.CLICKS, books.accounts());
        assertThat(clicks.received()).isEqualTo(5);
        assertThat(clicks.waiting()).isEqualTo(2);
        assertThat(clicks.outcomes())
                .isEqualTo(new TreeMap<>(Map.of("attributed", 1L, "duplicate", 1L, "rejected: bad-time", 1L)));
        assertThat(clicks.isBalanced()).isTrue();
    }

    @Test
    void anOutcomeIsCountedOverAllItsReasons() {
        books.settle(InputTopic.BATCHES, Outcome.REFUSED, "not finite");
        books.settle(InputTopic.BATCHES, Outcome.REFUSED, "no sense");
        books.settle(InputTopic.BATCHES, Outcome.REFUSED, "no sense");
        books.settle(InputTopic.BATCHES, Outcome.REMOVED_ITEM);

        Books.Account batches = Books.Account.of(InputTopic.BATCHES, books.accounts());
        assertThat(batches.outcome(Outcome.REFUSED)).isEqualTo(3);
        assertThat(batches.outcome(Outcome.REMOVED)).isZero(); // its label begins that of another
    }

    @Test
    void theBooksOfSeveralPartsAddUpAndAreSaid() {
        books.await(InputTopic.CLICKS);
        books.settle(InputTopic.CLICKS, Outcome.REJECTED, "bad-time");
        Books others = new Books('c');
        others.settle(InputTopic.CLICKS, Outcome.REJECTED, "bad-time");
        others.settle(InputTopic.CLICKS, Outcome.REJECTED, "bad-key");
        others.settle(InputTopic.USERS, Outcome.APPLIED);

        SortedMap<String, Books.Account> sum = Books.sum(Stream.of(books.accounts(), others.accounts()));

        Books.Account clicks = Books.Account.of(InputTopic.CLICKS, sum); // 1 waits, 1 + 2 are rejected
        assertThat(clicks.inWords()).isEqualTo("4 received, 1 waiting, rejected: bad-key 1, rejected: bad-time 2");
        assertThat(clicks.withoutReasons()).isEqualTo(new TreeMap<>(Map.of("rejected", 3L)));
        assertThat(Books.Account.of(InputTopic.USERS, sum).inWords()).isEqualTo("1 received, 0 waiting, applied 1");
    }

    @Test
    void aTopicThatNothingCameFromHasAnEmptyAccount() {
        assertThat(Books.Account.of(InputTopic.ITEMS, books.accounts())).isEqualTo(Books.Account.EMPTY);
    }

    @Test
    void restoredBooksGoOnCounting() {
        SortedMap<byte[], byte[]> entries = new TreeMap<>(Arrays::compareUnsigned);
        books.await(InputTopic.CLICKS);
        books.drainDirty(EntrySink.into(entries));

        Books restored = new Books('b');
        entries.forEach(restored::restore);
        restored.settleWaiting(InputTopic.CLICKS, Outcome.ORPHAN);

        assertThat(entries.keySet().stream().map(Utf8::text)).containsExactly("bclicks|received", "bclicks|waiting");
        Books.Account clicks = Books.Account.of(InputTopic.CLICKS, restored.accounts());
        assertThat(clicks).isEqualTo(new Books.Account(1, 0, new TreeMap<>(Map.of("orphan", 1L))));
    }

    /** Labels are in stored entries, topics, reports and metrics; a new one is added here, none is ever changed. */
    @Test
    void labelsStayAsTheyAreStored() {
        assertThat(Arrays.stream(InputTopic.values()).map(InputTopic::label))
                .containsExactly("exposures", "clicks", "users", "items", "training-examples", "mini-batches");
        assertThat(Arrays.stream(Outcome.values()).map(Outcome::label).collect(Collectors.joining(" ")))
                .isEqualTo(
                        "attributed capped late late-attributed orphan orphan-attributed hidden hidden-capped unhidden repeated-action"
                                + " untrained-action clicked unclicked experiment applied outdated removed unchanged duplicate"
                                + " erased rejected mapped left-out before-start catalogue-change examined learnt refused removed-item user-removal"
                                + " without-positives");
    }
}
