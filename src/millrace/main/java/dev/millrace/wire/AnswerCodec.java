package dev.millrace.wire;

import static dev.millrace.wire.RecordForm.INTEGER;
import static dev.millrace.wire.RecordForm.LONG;
import static dev.millrace.wire.RecordForm.NUMBER;
import static dev.millrace.wire.RecordForm.TEXT;
import static dev.millrace.wire.RecordForm.constant;

import dev.millrace.event.Features;
import dev.millrace.experiment.Arm;
import dev.millrace.index.Arrangement;
import dev.millrace.index.Draw;
import dev.millrace.index.Exploration;
import dev.millrace.index.ItemFilter;
import dev.millrace.index.ItemIndex;
import dev.millrace.index.Placed;
import dev.millrace.index.ScoreParts;
import dev.millrace.index.ScoredItem;
import dev.millrace.popularity.GivenWeights;
import dev.millrace.recall.Answer.Assigned;
import dev.millrace.recall.LoggedAnswer;
import dev.millrace.recall.LoggedAnswer.Unlogged;
import dev.millrace.recall.RecallRequest;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;

/** The record of an answer that is logged, in the order of its schema. */
final class AnswerCodec {

    private static final String UNKNOWN = "";

    private AnswerCodec() {}

    static LoggedAnswer answer(RecordForm<LoggedAnswer> form) {
        String server = form.text(answer -> answer.origin().server());
        long at = form.longInteger(answer -> answer.origin().at());
        String user = form.text(answer -> answer.asker().user());
        String state = form.text(answer -> answer.asker().state().orElse(UNKNOWN));
        String generation = form.text(answer -> answer.origin().generation());
        Optional<String> experiment =
                form.optional(answer -> answer.origin().assigned().map(Assigned::experiment), TEXT);
        Optional<String> arm = form.optional(
                answer -> answer.origin().assigned().map(one -> one.arm().label()), TEXT);
        LoggedAnswer.Standing standing = form.part(LoggedAnswer::standing, AnswerCodec::standing);
        Optional<Assigned> assigned =
                experiment.map(name -> new Assigned(name, known(Arm.values(), Arm::label, arm.orElse(UNKNOWN))));
        LoggedAnswer.Question question = form.part(LoggedAnswer::question, of -> question(of, user));
        float[] query = form.smallNumbers(LoggedAnswer::query);
        List<LoggedAnswer.Item> items = form.list(LoggedAnswer::items, AnswerCodec::item);
        return new LoggedAnswer(
                new LoggedAnswer.Origin(server, at, generation, assigned),
                new LoggedAnswer.Asker(user, Optional.of(state).filter(known -> !known.equals(UNKNOWN))),
                question,
                standing,
                query,
                items,
                form.optional(LoggedAnswer::draw, draw -> draw(draw, items)));
    }

    private static Draw draw(RecordForm<Draw> form, List<LoggedAnswer.Item> items) {
        return new Draw(
                form.text(Draw::answerId),
                form.list(Draw::candidates, AnswerCodec::candidate),
                form.list(
                        Draw::newcomers,
                        newcomer -> new Draw.Newcomer(
                                newcomer.part(Draw.Newcomer::candidate, AnswerCodec::candidate),
                                newcomer.integer(Draw.Newcomer::clicks))),
                items.stream()
                        .map(item -> new ScoredItem(item.item(), item.score()))
                        .toList(),
                form.list(Draw::propensities, NUMBER));
    }

    private static Draw.Candidate candidate(RecordForm<Draw.Candidate> form) {
        return new Draw.Candidate(
                form.text(Draw.Candidate::item),
                form.smallNumber(Draw.Candidate::score),
                form.map(each -> new TreeMap<>(each.values()), texts -> texts.list(each -> each, TEXT)));
    }

    private static LoggedAnswer.Standing standing(RecordForm<LoggedAnswer.Standing> form) {
        return new LoggedAnswer.Standing(
                form.map(LoggedAnswer.Standing::positions, LONG),
                form.flag(LoggedAnswer.Standing::isMoved),
                form.part(
                        LoggedAnswer.Standing::index,
                        index -> new ItemIndex.AsOf(
                                index.integer(ItemIndex.AsOf::items),
                                index.list(
                                        ItemIndex.AsOf::moments,
                                        moment -> new ItemIndex.Moment(
                                                moment.longInteger(ItemIndex.Moment::time),
                                                moment.longInteger(ItemIndex.Moment::halfLife))))));
    }

    private static LoggedAnswer.Question question(RecordForm<LoggedAnswer.Question> form, String user) {
        RecallRequest request = form.part(LoggedAnswer.Question::request, of -> request(of, user));
        List<Unlogged> unlogged = form.list(
                question -> new TreeSet<>(question.unlogged()),
                part -> known(Unlogged.values(), AnswerCodec::text, part.text(AnswerCodec::text)));
        return new LoggedAnswer.Question(request, Set.copyOf(unlogged));
    }

    private static RecallRequest request(RecordForm<RecallRequest> form, String user) {
        int k = form.integer(RecallRequest::k);
        boolean isSeenExcluded = form.flag(RecallRequest::isSeenExcluded);
        List<String> excluded = form.list(request -> new TreeSet<>(request.excluded()), TEXT);
        List<ItemFilter.Condition> conditions =
                form.list(request -> request.filter().conditions(), AnswerCodec::condition);
        Arrangement arrangement = form.part(RecallRequest::arrangement, AnswerCodec::arrangement);
        RecallRequest.Weights weights = form.part(
                RecallRequest::weights,
                of -> new RecallRequest.Weights(
                        new GivenWeights(
                                number(of, given -> given.given().popularity()),
                                number(of, given -> given.given().neighbours())),
                        of.map(each -> new TreeMap<>(each.channels()), NUMBER)));
        return new RecallRequest(
                user,
                k,
                isSeenExcluded,
                Set.copyOf(excluded),
                new ItemFilter(conditions),
                Features.NONE,
                weights,
                Optional.empty(),
                Optional.empty(),
                0,
                arrangement);
    }

    private static Arrangement arrangement(RecordForm<Arrangement> form) {
        return new Arrangement(
                form.list(
                        Arrangement::boosts,
                        boost -> new Arrangement.Boost(
                                boost.text(Arrangement.Boost::attribute),
                                boost.text(Arrangement.Boost::value),
                                boost.number(Arrangement.Boost::weight))),
                form.map(each -> new TreeMap<>(each.atMost()), INTEGER),
                number(form, Arrangement::diversity),
                form.map(each -> new TreeMap<>(each.pins()), INTEGER),
                form.optional(
                        Arrangement::exploration,
                        exploration -> new Exploration(
                                exploration.number(Exploration::temperature),
                                exploration.integer(Exploration::best),
                                exploration.integer(Exploration::slots),
                                exploration.text(Exploration::seed))));
    }

    private static LoggedAnswer.Item item(RecordForm<LoggedAnswer.Item> form) {
        return new LoggedAnswer.Item(
                form.text(LoggedAnswer.Item::item),
                form.smallNumber(LoggedAnswer.Item::score),
                form.part(
                        LoggedAnswer.Item::parts,
                        parts -> new ScoreParts(
                                parts.smallNumber(ScoreParts::cosine),
                                parts.smallNumber(ScoreParts::popularity),
                                parts.smallNumber(ScoreParts::age),
                                parts.smallNumber(ScoreParts::neighbours),
                                parts.smallNumber(ScoreParts::boost))),
                form.part(
                        LoggedAnswer.Item::placed,
                        placed -> new Placed(
                                placed.integer(Placed::pin),
                                placed.map(each -> new TreeMap<>(each.quota()), INTEGER),
                                placed.smallNumber(Placed::diversity))));
    }

    private static ItemFilter.Condition condition(RecordForm<ItemFilter.Condition> form) {
        String attribute = form.text(ItemFilter.Condition::attribute);
        Optional<List<String>> values = form.optional(
                condition -> condition.<Optional<Set<String>>>when(
                        anyOf -> Optional.of(new TreeSet<>(anyOf.values())), between -> Optional.empty()),
                texts -> texts.list(each -> each, TEXT));
        OptionalDouble min = number(
                form,
                condition ->
                        condition.when(anyOf -> OptionalDouble.empty(), between -> OptionalDouble.of(between.min())));
        OptionalDouble max = number(
                form,
                condition ->
                        condition.when(anyOf -> OptionalDouble.empty(), between -> OptionalDouble.of(between.max())));
        return values.<ItemFilter.Condition>map(some -> new ItemFilter.AnyOf(attribute, Set.copyOf(some)))
                .orElseGet(() -> new ItemFilter.Between(
                        attribute, min.orElse(Double.NEGATIVE_INFINITY), max.orElse(Double.POSITIVE_INFINITY)));
    }

    private static <T> OptionalDouble number(RecordForm<T> form, Function<T, OptionalDouble> of) {
        return form.optional(
                        of.andThen(number ->
                                number.isPresent() ? Optional.of(number.getAsDouble()) : Optional.<Double>empty()),
                        NUMBER)
                .map(OptionalDouble::of)
                .orElseGet(OptionalDouble::empty);
    }

    private static String text(Unlogged part) {
        return part.name().toLowerCase(Locale.ROOT);
    }

    private static <E extends Enum<E>> E known(E[] all, Function<E, String> text, String wanted) {
        return constant(all, text, wanted)
                .orElseThrow(() -> new IllegalArgumentException("only another version knows " + wanted));
    }
}
