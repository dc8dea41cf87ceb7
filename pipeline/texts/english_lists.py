"""What the worklist, its web page and the workbooks of held rows say, in English."""

ENTRIES = {
    # Small words
    "yes": "yes",
    "no": "no",
    "note": "note",
    "example": "{message} Example: {example}.",
    "patient.one": "{count} patient",
    "patient.many": "{count} patients",
    "elsewhere": "; every patient has a line in the worklist, every finding one in findings.csv",
    # Worklist
    "worklist": "Laboratory worklist",
    "list.footer": "For decision support only",
    "list.worklist": "Worklist",
    "list.changes": "Changed since last run",
    "list.calls": "Critical calls",
    "list.technician": "Technician",
    "list.hematologist": "Hematologist",
    "list.analyst": "Analyst",
    "list.conflicts": "Identity conflicts",
    "list.held": "Held data",
    "list.counts": "Counts per rule",
    "list.archive": "Notes archive",
    "list.unplaced": "Notes to be placed",
    "list.run": "Run summary",
    "worklist.heading": "{title}, most urgent first, made {made}",
    "worklist.counted.one": "{count} patient on this list",
    "worklist.counted.many": "{count} patients on this list",
    "aside.counted.one": "{count} more for information, on a sheet of its own",
    "aside.counted.many": "{count} more for information, on a sheet of their own",
    "conflicts.counted.one": "{count} patient id in conflict, open until decided",
    "conflicts.counted.many": "{count} patient ids in conflict, open until decided",
    "list.aside": "For information",
    "aside.heading": "For information: one finding, and nothing waits to be done; made {made}",
    "page.aside": "For information: one finding, and nothing waits to be done",
    "worklist.how": "For decision support only. Follow the patient id to the workbook; without a link "
    "there is none, as every result is held. Type under {typed} only: what stands there is kept by "
    "later runs.",
    "worklist.heads": "Priority|Urgency|Patient id|Name|Sex|Birth date|Why|Change|Days waiting|Collected",
    "worklist.typed": "Review status|Reviewer|Notes",
    "worklist.more": "New since the note|Arrived|Last collected|Findings|Unconfirmed|"
    "Not assessable|Held",
    "worklist.statuses": "open|in review|repeat requested|reported|done",
    "topic.held": "held results",
    "topic.identity-conflict": "identity conflict",
    "topic.undecided": "cannot be decided",
    "line.in-conflict": "in conflict",
    "line.conflict": "Identity conflict: nothing is reported until someone decides who is who",
    "line.all-held.one": "{count} result, held",
    "line.all-held.many": "{count} results, all held",
    "line.undecided": "Cannot be decided: {rules}",
    "line.rest-held": "No finding in what could be assessed; the rest is held",
    "line.scope-held": "; the rest is held",
    "line.no-finding": "No finding in what could be assessed",
    # Changes since the last run
    "changed.new": "● new",
    "changed.worse": "worse",
    "changed.corrected": "✎ corrected",
    "changed.continuing": "= continuing",
    "changed.better": "better",
    "changed.transfused": "= continuing, transfused between",
    "way.rise": "↑",
    "way.fall": "↓",
    "changed.undecided": "? undecided now",
    "changed.resolved": "○ resolved",
    "changes.first": "First run of this folder: every finding is new",
    "changes.nothing": "No change since the last run ({since})",
    "changes.heading": "What changed since the last run ({since})",
    "changes.heads": "Patient id|Finding|Change|Grade now|Value now|Collected|Grade before|"
    "Value before|Collected before",
    # Critical calls
    "calls.one": "{count} critical value to telephone.",
    "calls.many": "{count} critical values to telephone.",
    "calls.how": '{count} Fill in the marked columns; "{yes}" under {closed} takes a line to the '
    "archive with the next run",
    "calls.none": "No critical value to telephone",
    "calls.not-confirmed": "The list of critical values is not yet confirmed by this laboratory: write "
    'critical_values = "confirmed" (or "off") into labflag.toml',
    "calls.identity": "Identity conflict: clarify identity now",
    "calls.unconfirmed": "unconfirmed",
    "calls.preliminary": "preliminary: final result awaited",
    "calls.heads": "Patient id|Finding|Value as it was|Collected|Specimen",
    "calls.typed": "Called|Called by|Called at|Read back|Closed",
    "calls.read-back": "read back: {answer}",
    # Views for each role
    "technician.heading": "What is to be telephoned, repeated or corrected",
    "technician.heads": "Priority|Patient id|To do|Held results|Why held|How to mend it|Collected|"
    "Specimen age in days|Telephone",
    "technician.call": "Telephone the critical value",
    "technician.repeat": "Repeat the measurement first (see the report)",
    "technician.correct": "Correct the held rows and hand the workbook back",
    "technician.times": "{count} × {problem}",
    "call": "telephone",
    "hematologist.heading": "Each finding with its value, the one before, and why (without those for information)",
    "hematologist.heads": "Priority|Patient id|Finding|Grade|Value|Collected|Value before|"
    "Change since last report|Specimen in doubt|What is missing",
    "hematologist.before": "{value} ({date})",
    "analyst.heading": "What stands, in the codes of findings.csv",
    "analyst.heads": "Patient id|Specimen|Rule|Outcome|Reason code|Analyte|Sign|Value as reported|"
    "Original unit|Limit|Limit unit|Status|Profile|Knowledge|File|Sheet|Row",
    # Identity conflicts
    "conflicts.heading": "Versions that contradict each other.",
    "conflicts.heads": "In conflict|What|Patient id|Hold|Version|Name|Sex|Birth date|Results|File|"
    "Sheet|Rows",
    "conflicts.more": "Urgency|Would be found",
    "conflicts.patient": "patient id",
    "conflicts.specimen": "specimen id",
    # In place of the report of an id in conflict
    "notice.verdict": "Identity conflict since {day}: not updated. Nothing is reported for this id until someone decides "
    "who is who.",
    "notice.earlier": "What was reported under this id before, also on paper, may be of two persons: do not rely on it.",
    "notice.versions": "Versions of the person that contradict each other",
    "notice.commands": "To decide: labflag release {hold} --version N (all are this person), or "
    "labflag reject {hold} --version N (version N is another person).",
    "notice.changed": "Stored results of this patient were changed from outside labflag. None of them is reported until "
    "the file that was changed is read again.",
    "notice.changed-earlier": "Do not rely on what was reported of this patient since the change, also on paper.",
    "notice.changed-files": "Files with results of this patient",
    "notice.changed-heads": "File|What to do",
    "notice.changed-again": "Changed: put it into the inbox again, from the archive.",
    "notice.changed-nothing": "Nothing: it is as it was stored.",
    "notice.made": "Made by labflag {version} on {made}.",
    # The run as a whole
    "held.heading": "What was set aside or noted, by problem and by place",
    "held.kinds": "Problem|Kind|Count|What to do|Code",
    "held.places": "Problem|Kind|Count|File|Sheet|Column|Rows",
    "held.whole-file": "the whole file",
    "counts.heading": "How often each rule answered what",
    "counts.heads": "Rule|Id|Patients with it now|Patients undecided now|Specimens present|"
    "Specimens unconfirmed|Specimens undecided|Specimens absent|Specimens not tested",
    "counts.chart": "Patients per finding",
    "counts.axis": "Number of patients",
    "counts.alt": "Bars: for each rule the patients who have the finding now, and those undecided now",
    "run.heading": "What this run read and made",
    "run.heads": "What|Value",
    "run.files": "File|SHA-256",
    "run.made-at": "Made at",
    "run.made-by": "Made by",
    "run.profile": "Profile",
    "run.knowledge": "Knowledge version",
    "run.laboratory": "Laboratory",
    "run.files-read": "Files read",
    "run.patients": "Patients",
    "run.aside": "Patients for information",
    "run.in-conflict": "Patient ids in conflict",
    "run.workbooks": "Patient workbooks",
    "run.read": "Results read",
    "run.used": "Results used",
    "run.held": "Results held",
    "run.duplicate": "Results duplicate",
    "run.superseded": "Results superseded",
    "run.ignored": "Results ignored",
    "run.accounted": "Every result accounted for",
    "run.not-accounted": "NO: {count} are",
    # Archive of notes
    "archive.heading": "Notes on what is gone from the worklist",
    "archive.heads": "Kept on|What|Patient id|About|Status|Who|Text",
    "archive.note": "note",
    "archive.call": "closed call",
    "archive.replaced": "note replaced by another",
    "archive.unplaced": "note that was to be placed",
    "archive.own": "columns of your own",
    "own.column": "Column {number}",
    # Notes of which it is not certain whose they are
    "unplaced.how.one": "{count} note of which it is not certain whose it is.",
    "unplaced.how.many": "{count} notes of which it is not certain whose they are.",
    "unplaced.what": 'Type the patient id under {belongs}, and the next run puts the note there; "{yes}" '
    "under {done} takes it to the archive. The workbook that they were typed into is kept beside this one.",
    "unplaced.heads": "Set aside on|Why|Patient id beside it|Patient id of the hidden cell|"
    "Also on the line",
    "unplaced.typed": "Status typed|Who|Note typed|Belongs to|Not needed",
    "unplaced.ids-differ": "the patient id beside it and the hidden cell of the line differ",
    "unplaced.id-twice": "several lines have this patient id, and no hidden cell",
    "unplaced.id-missing": "there is no patient id beside it",
    "unplaced.id-unknown": "line added by hand: no such patient was on the list",
    "unplaced.too-long": "a cell could not hold it together with the other note on this patient",
    "unplaced.call": "call: the line and its hidden cell do not belong together",
    # Web page
    "page.intro": "Most urgent first, made {made}. For decision support only. Follow the patient id to "
    "the workbook; without a link there is none, as every result is held. Notes are typed in "
    "worklist.xlsx.",
    "page.search": "Search",
    "page.caption": "Patients, most urgent first",
    # Held rows
    "hand-back": "Held rows",
    "hand-back.how": "How to",
    "hand-back.heading": "{not_read}: how to hand rows of {file} back",
    "hand-back.whole-row": "{code} (whole row)",
    "hand-back.column": "column {number}",
    "hand-back.look": "Look at the cells that are marked like this one. What is wrong with each row "
    "stands under {reason}, what to do under {fix}.",
    "hand-back.correct": "Correct the cells. All of them are text, so that zeros and dates stay as they "
    "are typed. Other cells of the row may be corrected too.",
    "hand-back.signs": "A cell that begins with {check} could be read in two ways, or its program showed "
    "something else than it held. Write a date as 2024-05-31 and a number without thousands separators; "
    "leave what is right as it is; then delete the sign {check}. A row that begins with {check_row} could not be split into cells: put every cell under its "
    "header (the line as it came stands under {raw}), then delete the sign.",
    "hand-back.save": "Save the workbook, as .xlsx or as .csv, and give it to labflag like any export: put it "
    "into the drop folder, or name it in `labflag run`. The original file need not be sent again if "
    "labflag keeps a history; else name both. Do not leave it in the folder of reports.",
    "hand-back.ours": "{hold} says which row of which file is meant, {read_as} how its numbers and dates "
    "were read: leave both as they are. The original file needs no change.",
    "hand-back.replaces": "The corrected row takes the place of the whole original row.",
    "hand-back.take-back": "To take a row back altogether, empty all of its cells but those of labflag.",
    "hand-back.stays": "A row that is deleted here stays held; so does a row that is left as it is, "
    "unless correcting another one has settled it.",
    "hand-back.layout": "The file was read by the layout {layout!r}. If you named it, name it again.",
    "hand-back.left-out.one": "{count} more held row found no place here; it is in issues.csv. Mend the "
    "cause where the export is made.",
    "hand-back.left-out.many": "{count} more held rows found no place here; they are in issues.csv. Mend "
    "the cause where the export is made.",
}
