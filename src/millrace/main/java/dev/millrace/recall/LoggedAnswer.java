package dev.millrace.recall;

import dev.millrace.feature.FeatureFields;
import dev.millrace.feature.UserFeatures;
import dev.millrace.index.Draw;
import dev.millrace.index.ItemIndex;
import dev.millrace.index.Placed;
import dev.millrace.index.ScoreParts;
import dev.millrace.operation.OperatorAction;
import dev.millrace.state.Form;
import dev.millrace.state.Sha256;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * An answer to a question about a user, with what it takes to make it again. It names no user.
 *
 * @param query [dim] the vector that was searched with; must not be changed
 * @param items in their places
 * @param draw that gave the items; absent if they were not drawn
 */
public record LoggedAnswer(
        Origin origin,
        Asker asker,
        Question question,
        Standing standing,
        float[] query,
        List<Item> items,
        Optional<Draw> draw) {

    /**
     * Who answered.
     *
     * @param server process, of one start
     * @param at epoch milliseconds, wall clock of the server
     * @param assigned the user's arm, if an experiment chose the generation
     */
    public record Origin(String server, long at, String generation, Optional<Answer.Assigned> assigned) {}

    /**
     * Who asked.
     *
     * @param user digest of the id
     * @param state hash of the user's features and history; absent if nothing was known of the user
     */
    public record Asker(String user, Optional<String> state) {

        /** The digest of a user's id, as the audit log has it. */
        public static String digest(String user) {
            return OperatorAction.erased(user);
        }

        /** The hash of a user's features and history. */
        public static String hash(UserFeatures user) {
            return Sha256.hex(Form.written(form -> FeatureFields.user(form, user.user(), user)));
        }
    }

    /**
     * What was asked.
     *
     * @param request with the user's digest for the id, and without what is left out
     * @param unlogged what is left out, as it may say who asked
     */
    public record Question(RecallRequest request, Set<Unlogged> unlogged) {

        public Question {
            unlogged = Set.copyOf(unlogged);
        }
    }

    /** A part of a question that is not logged. */
    public enum Unlogged {
        /** Features of the moment. */
        CONTEXT,
        /** Features and history that replaced what is known of the user. */
        FEATURES
    }

    /**
     * Where the server stood when the search began.
     *
     * @param positions offset that it would read next, by topic and partition, such as {@code item-embeddings-0}; by {@code networks-0} that of the
     *     user tower's networks
     * @param isMoved whether it moved on, or was about to, before the search ended
     */
    public record Standing(SortedMap<String, Long> positions, boolean isMoved, ItemIndex.AsOf index) {

        public Standing {
            positions = Collections.unmodifiableSortedMap(new TreeMap<>(positions));
        }
    }

    /** An item, its score, what that is the sum of, and what its place comes from beside it. Two are equal if their numbers have the same bits. */
    public record Item(String item, float score, ScoreParts parts, Placed placed) {

        /** The item at a place of an explained answer. */
        public static Item of(Answer.Found found, int at) {
            Explanation why = found.explanations().get(at);
            return new Item(found.items().get(at).item(), found.items().get(at).score(), why.parts(), why.placed());
        }
    }

    public LoggedAnswer {
        items = List.copyOf(items);
    }

    /** The draw that follows from the question and from the candidates that are logged; absent if nothing was to be drawn. */
    public Optional<Draw> drawnAgain() {
        RecallRequest request = question.request();
        List<Draw.Candidate> candidates = draw.map(Draw::candidates).orElse(List.of());
        List<Draw.Newcomer> newcomers = draw.map(Draw::newcomers).orElse(List.of());
        return request.arrangement()
                .exploration()
                .map(exploration -> Draw.of(request.arrangement(), request.k(), candidates, newcomers));
    }
}
