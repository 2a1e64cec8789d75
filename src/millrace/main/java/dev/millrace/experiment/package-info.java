/** Experiments on live users: who is in which arm, what the arms' users did, and what that decides. */
@NullMarked
package dev.millrace.experiment;

import org.jspecify.annotations.NullMarked;
