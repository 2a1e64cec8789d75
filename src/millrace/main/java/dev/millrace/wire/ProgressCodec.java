package dev.millrace.wire;

import static dev.millrace.wire.RecordForm.INTEGER;
import static dev.millrace.wire.RecordForm.LONG;
import static dev.millrace.wire.RecordForm.NUMBER;
import static dev.millrace.wire.RecordForm.TEXT;
import static dev.millrace.wire.RecordForm.constant;

import dev.millrace.alarm.Alarm;
import dev.millrace.alarm.Symptom;
import dev.millrace.exam.ExamTotals;
import dev.millrace.exam.RankingTotals;
import dev.millrace.exam.Youth;
import dev.millrace.experiment.ArmAnswers;
import dev.millrace.experiment.Experiment;
import dev.millrace.experiment.ExperimentSums;
import dev.millrace.model.RowCounts;
import dev.millrace.state.Books;
import dev.millrace.train.StepDigest;
import dev.millrace.train.TrainingProgress;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** The records of what trainers and servers tell of themselves, in the order of their schemas. */
final class ProgressCodec {

    private ProgressCodec() {}

    static PartProgress part(RecordForm<PartProgress> form) {
        String part = form.text(PartProgress::part);
        long writtenAt = form.longInteger(PartProgress::writtenAt);
        SortedMap<String, Books.Account> books =
                form.map(progress -> new HashMap<>(progress.books()), ProgressCodec::account);
        SortedMap<String, Long> positions = form.map(PartProgress::positions, LONG);
        Optional<TrainingProgress> training = form.optional(PartProgress::training, of -> training(of, books));
        SortedMap<String, String> experiment = form.map(
                progress ->
                        progress.experiment().map(of -> of.experiment().texts()).orElseGet(TreeMap::new),
                TEXT);
        SortedMap<String, Long> sums = form.map(
                progress -> progress.experiment().map(of -> of.sums().byName()).orElseGet(TreeMap::new), LONG);
        return new PartProgress(
                part,
                writtenAt,
                books,
                positions,
                training,
                experiment.isEmpty()
                        ? Optional.empty()
                        : Optional.of(new PartProgress.Counted(Experiment.of(experiment), new ExperimentSums(sums))));
    }

    private static Books.Account account(RecordForm<Books.Account> form) {
        return new Books.Account(
                form.longInteger(Books.Account::received),
                form.longInteger(Books.Account::waiting),
                form.map(Books.Account::outcomes, LONG));
    }

    private static TrainingProgress training(
            RecordForm<TrainingProgress> form, SortedMap<String, Books.Account> books) {
        return new TrainingProgress(
                form.text(TrainingProgress::generation),
                form.longInteger(TrainingProgress::step),
                form.longInteger(TrainingProgress::positives),
                form.longInteger(TrainingProgress::refusedSteps),
                form.number(TrainingProgress::loss),
                form.number(TrainingProgress::gradientNorm),
                form.integer(TrainingProgress::items),
                form.longInteger(TrainingProgress::eventTime),
                form.text(TrainingProgress::digest),
                form.list(
                        TrainingProgress::digests,
                        of -> new StepDigest(of.longInteger(StepDigest::step), of.text(StepDigest::digest))),
                form.part(
                        TrainingProgress::rows,
                        of -> new RowCounts(
                                of.longInteger(RowCounts::rows),
                                of.longInteger(RowCounts::waiting),
                                of.longInteger(RowCounts::expired),
                                of.longInteger(RowCounts::displaced))),
                form.integer(TrainingProgress::unannounced),
                form.part(TrainingProgress::exam, ProgressCodec::exam),
                books,
                form.map(TrainingProgress::fieldWeights, NUMBER),
                form.map(TrainingProgress::figures, NUMBER),
                form.optional(TrainingProgress::withheld, TEXT),
                form.list(TrainingProgress::alarms, ProgressCodec::alarm).stream()
                        .flatMap(Optional::stream)
                        .toList());
    }

    private static ExamTotals exam(RecordForm<ExamTotals> form) {
        RankingTotals model = form.part(ExamTotals::model, ProgressCodec::ranking);
        RankingTotals popularity = form.part(ExamTotals::popularity, ProgressCodec::ranking);
        long withoutHistory = form.longInteger(ExamTotals::withoutHistory);
        SortedMap<String, ExamTotals.Young> young = form.map(
                exam -> exam.young().entrySet().stream()
                        .collect(Collectors.toMap(
                                each -> each.getKey().label(), Map.Entry::getValue, (one, other) -> one, TreeMap::new)),
                of -> new ExamTotals.Young(
                        of.part(ExamTotals.Young::model, ProgressCodec::ranking),
                        of.part(ExamTotals.Young::popularity, ProgressCodec::ranking)));
        Map<Youth, ExamTotals.Young> known = new EnumMap<>(Youth.class);
        young.forEach((label, found) ->
                constant(Youth.values(), Youth::label, label).ifPresent(youth -> known.put(youth, found)));
        return new ExamTotals(model, popularity, withoutHistory, known, List.of());
    }

    private static RankingTotals ranking(RecordForm<RankingTotals> form) {
        long scored = form.longInteger(RankingTotals::scored);
        List<Integer> cutoffs = form.list(totals -> RankingTotals.CUTOFFS, INTEGER);
        if (!cutoffs.equals(RankingTotals.CUTOFFS)) {
            throw new IllegalStateException(
                    "progress counts hits at " + cutoffs + ", expected " + RankingTotals.CUTOFFS);
        }
        List<Long> hits =
                form.list(totals -> Arrays.stream(totals.hits()).boxed().toList(), LONG);
        return new RankingTotals(
                scored, hits.stream().mapToLong(Long::longValue).toArray(), form.number(RankingTotals::gain10));
    }

    /** Absent if only another version knows it. */
    private static Optional<Alarm> alarm(RecordForm<Alarm> form) {
        String name = form.text(alarm -> alarm.kind().text());
        double value = form.number(Alarm::value);
        double limit = form.number(Alarm::limit);
        long since = form.longInteger(Alarm::since);
        return constant(Symptom.values(), Symptom::text, name).map(kind -> new Alarm(kind, value, limit, since));
    }

    static ServingProgress serving(RecordForm<ServingProgress> form) {
        String server = form.text(ServingProgress::server);
        String arm = form.text(ServingProgress::arm);
        long writtenAt = form.longInteger(ServingProgress::writtenAt);
        String experiment = form.text(ServingProgress::experiment);
        String salt = form.text(ServingProgress::salt);
        return new ServingProgress(
                server,
                arm,
                form.longInteger(ServingProgress::window),
                form.longInteger(ServingProgress::beganAt),
                writtenAt,
                experiment,
                salt,
                form.part(
                        ServingProgress::answers,
                        of -> new ArmAnswers(
                                of.longInteger(ArmAnswers::answers),
                                of.longInteger(ArmAnswers::empty),
                                of.longInteger(ArmAnswers::cold),
                                of.longInteger(ArmAnswers::catalogue),
                                of.longInteger(ArmAnswers::vectorAge),
                                of.list(ArmAnswers::took, LONG),
                                of.bytes(ArmAnswers::items))));
    }
}
