"""What the worklist, its web page and the workbooks of held rows say, in German."""

ENTRIES = {
    "yes": "ja",
    "no": "nein",
    "note": "Hinweis",
    "example": "{message} Beispiel: {example}.",
    "patient.one": "{count} Patient",
    "patient.many": "{count} Patienten",
    "elsewhere": "; jeder Patient hat eine Zeile in der Arbeitsliste, jeder Befund eine in findings.csv",
    "worklist": "Labor-Arbeitsliste",
    "list.footer": "Nur zur Unterstützung von Entscheidungen",
    "list.worklist": "Arbeitsliste",
    "list.changes": "Neu seit letztem Lauf",
    "list.calls": "Telefonpflichtige Werte",
    "list.technician": "Technik",
    "list.hematologist": "Hämatologie",
    "list.analyst": "Auswertung",
    "list.conflicts": "Identitätskonflikte",
    "list.held": "Zurückgestelltes",
    "list.counts": "Anzahl je Regel",
    "list.archive": "Notizarchiv",
    "list.run": "Dieser Lauf",
    "worklist.heading": "{title}, die dringendsten zuerst, erstellt {made}",
    "worklist.how": "Nur zur Unterstützung von Entscheidungen. Die Patienten-ID führt zur Arbeitsmappe; "
    "ohne Link gibt es keine, weil jedes Ergebnis zurückgestellt ist. Nur unter {typed} schreiben: was "
    "dort steht, behalten spätere Läufe.",
    "worklist.heads": "Priorität|Dringlichkeit|Patienten-ID|Name|Geschlecht|Geburtsdatum|Warum|Änderung|"
    "Tage offen",
    "worklist.typed": "Bearbeitung|Bearbeitet von|Notizen",
    "worklist.more": "Neu seit der Notiz|Offen seit|Letzte Abnahme|Befunde|Unbestätigt|"
    "Nicht beurteilbar|Zurückgestellt",
    "worklist.statuses": "offen|in Arbeit|Wiederholung angefordert|berichtet|erledigt",
    "topic.held": "zurückgestellte Ergebnisse",
    "topic.identity-conflict": "Identitätskonflikt",
    "topic.undecided": "nicht entscheidbar",
    "line.in-conflict": "strittig",
    "line.conflict": "Identitätskonflikt: nichts wird berichtet, bis jemand entscheidet, wer wer ist",
    "line.all-held.one": "{count} Ergebnis, zurückgestellt",
    "line.all-held.many": "{count} Ergebnisse, alle zurückgestellt",
    "line.undecided": "Nicht entscheidbar: {rules}",
    "line.rest-held": "Kein Befund in dem, was beurteilt werden konnte; der Rest ist zurückgestellt",
    "line.no-finding": "Kein Befund in dem, was beurteilt werden konnte",
    "changed.new": "● neu",
    "changed.worse": "↑ schlechter",
    "changed.corrected": "✎ korrigiert",
    "changed.continuing": "= weiterhin",
    "changed.better": "↓ besser",
    "changed.undecided": "? nun offen",
    "changed.resolved": "○ nicht mehr vorhanden",
    "changes.first": "Erster Lauf dieses Ordners: jeder Befund ist neu",
    "changes.nothing": "Keine Änderung seit dem letzten Lauf ({since})",
    "changes.heading": "Was sich seit dem letzten Lauf geändert hat ({since})",
    "changes.heads": "Patienten-ID|Befund|Änderung|Grad jetzt|Wert jetzt|Abnahme|Grad zuvor|Wert zuvor|"
    "Abnahme zuvor",
    "calls.one": "{count} telefonpflichtiger Wert.",
    "calls.many": "{count} telefonpflichtige Werte.",
    "calls.how": "{count} Die gelben Spalten ausfüllen; „{yes}“ unter {closed} bringt eine Zeile beim "
    "nächsten Lauf ins Archiv",
    "calls.none": "Kein telefonpflichtiger Wert",
    "calls.not-confirmed": "Die Liste der telefonpflichtigen Werte ist von diesem Labor noch nicht "
    'bestätigt: critical_values = "confirmed" (oder "off") in labflag.toml schreiben',
    "calls.unconfirmed": "unbestätigt",
    "calls.preliminary": "vorläufig: endgültiges Ergebnis steht aus",
    "calls.heads": "Patienten-ID|Befund|Wert wie gemeldet|Abnahme|Probe",
    "calls.typed": "Angerufen|Angerufen von|Angerufen um|Wiederholt|Abgeschlossen",
    "calls.read-back": "wiederholt: {answer}",
    "technician.heading": "Was telefonisch mitzuteilen, zu wiederholen oder zu berichtigen ist",
    "technician.heads": "Priorität|Patienten-ID|Zu tun|Zurückgestellte Ergebnisse|Warum zurückgestellt|"
    "Wie zu berichtigen|Abnahme|Alter der Probe in Tagen|Telefon",
    "technician.call": "Den telefonpflichtigen Wert mitteilen",
    "technician.repeat": "Zuerst die Messung wiederholen (siehe Bericht)",
    "technician.correct": "Die zurückgestellten Zeilen berichtigen und die Arbeitsmappe zurückgeben",
    "technician.times": "{count} × {problem}",
    "call": "telefonieren",
    "hematologist.heading": "Jeder Befund mit seinem Wert, dem Wert zuvor und dem Grund",
    "hematologist.heads": "Priorität|Patienten-ID|Befund|Grad|Wert|Abnahme|Wert zuvor|"
    "Änderung seit letztem Bericht|Probe zweifelhaft|Was fehlt",
    "hematologist.before": "{value} ({date})",
    "analyst.heading": "Was gilt, in den Codes von findings.csv",
    "analyst.heads": "Patienten-ID|Probe|Regel|Antwort|Code des Grundes|Messgröße|Vorzeichen|Wert wie berichtet|"
    "Einheit wie berichtet|Grenze|Einheit der Grenze|Status|Profil|Wissensstand|Datei|Tabellenblatt|Zeile",
    "conflicts.heading": "Fassungen, die einander widersprechen.",
    "conflicts.heads": "Strittig|Was|Patienten-ID|Kennung|Fassung|Name|Geschlecht|Geburtsdatum|Ergebnisse|"
    "Datei|Tabellenblatt|Zeilen",
    "conflicts.patient": "Patienten-ID",
    "conflicts.specimen": "Probennummer",
    "notice.verdict": "Identitätskonflikt seit {day}: nicht aktualisiert. Unter dieser Patienten-ID wird nichts berichtet, bis "
    "jemand entscheidet, wer wer ist.",
    "notice.earlier": "Was unter dieser Patienten-ID früher berichtet wurde, auch auf Papier, kann von zwei Personen stammen: nicht "
    "darauf verlassen.",
    "notice.versions": "Fassungen der Person, die einander widersprechen",
    "notice.commands": "Entscheiden: labflag release {hold} --version N (alle sind diese Person) oder "
    "labflag reject {hold} --version N (Fassung N ist eine andere Person).",
    "notice.made": "Erstellt mit labflag {version} am {made}.",
    "held.heading": "Was zurückgestellt oder vermerkt wurde, nach Problem und nach Ort",
    "held.kinds": "Problem|Art|Anzahl|Was zu tun ist|Code",
    "held.places": "Problem|Art|Anzahl|Datei|Tabellenblatt|Spalte|Zeilen",
    "held.whole-file": "die ganze Datei",
    "counts.heading": "Wie oft jede Regel was geantwortet hat",
    "counts.heads": "Regel|Kennung|Patienten mit Befund jetzt|Patienten offen jetzt|Proben mit Befund|"
    "Proben unbestätigt|Proben offen|Proben ohne Befund|Proben nicht untersucht",
    "counts.chart": "Patienten je Befund",
    "counts.axis": "Anzahl der Patienten",
    "counts.alt": "Balken: zu jeder Regel die Patienten, die den Befund jetzt haben, und die offenen",
    "run.heading": "Was dieser Lauf gelesen und erstellt hat",
    "run.heads": "Was|Angabe",
    "run.files": "Datei|SHA-256",
    "run.made-at": "Erstellt am",
    "run.made-by": "Erstellt mit",
    "run.profile": "Profil",
    "run.knowledge": "Wissensstand",
    "run.laboratory": "Labor",
    "run.files-read": "Gelesene Dateien",
    "run.patients": "Patienten",
    "run.workbooks": "Arbeitsmappen von Patienten",
    "run.read": "Gelesene Ergebnisse",
    "run.used": "Ergebnisse verwendet",
    "run.held": "Ergebnisse zurückgestellt",
    "run.duplicate": "Ergebnisse doppelt",
    "run.superseded": "Ergebnisse ersetzt",
    "run.ignored": "Ergebnisse ausgelassen",
    "run.accounted": "Über jedes Ergebnis ist Rechenschaft gelegt",
    "run.not-accounted": "NEIN: über {count}",
    "archive.heading": "Notizen zu dem, was nicht mehr auf der Arbeitsliste steht",
    "archive.heads": "Abgelegt am|Was|Patienten-ID|Worüber|Stand|Wer|Text",
    "archive.note": "Notiz",
    "archive.call": "abgeschlossener Anruf",
    "archive.line-by-hand": "von Hand ergänzte Zeile",
    "archive.call-by-hand": "von Hand ergänzter Anruf",
    "page.intro": "Die dringendsten zuerst, erstellt {made}. Nur zur Unterstützung von Entscheidungen. Die "
    "Patienten-ID führt zur Arbeitsmappe; ohne Link gibt es keine, weil jedes Ergebnis zurückgestellt "
    "ist. Notizen werden in worklist.xlsx geschrieben.",
    "page.search": "Suchen",
    "page.caption": "Patienten, die dringendsten zuerst",
    "hand-back": "Zurückgestellte Zeilen",
    "hand-back.how": "Anleitung",
    "hand-back.heading": "{not_read}: wie Zeilen von {file} zurückgegeben werden",
    "hand-back.whole-row": "{code} (ganze Zeile)",
    "hand-back.column": "Spalte {number}",
    "hand-back.look": "Die Zellen ansehen, die wie diese markiert sind. Was an einer Zeile nicht stimmt, "
    "steht unter {reason}, was zu tun ist, unter {fix}.",
    "hand-back.correct": "Die Zellen berichtigen. Alle sind Text, damit Nullen und Daten so bleiben, wie sie "
    "getippt sind. Auch andere Zellen der Zeile dürfen berichtigt werden.",
    "hand-back.signs": "Eine Zelle, die mit {check} beginnt, ließ sich auf zwei Arten lesen, oder ihr "
    "Programm zeigte etwas anderes, als sie enthielt. Ein Datum als 2024-05-31 schreiben und eine Zahl ohne "
    "Tausendertrennzeichen; was stimmt, stehen lassen; dann das Zeichen {check} löschen. Eine Zeile, die mit {check_row} beginnt, ließ sich nicht in "
    "Zellen trennen: jede Zelle unter ihren Kopf setzen (die Zeile, wie sie kam, steht unter {raw}), dann das "
    "Zeichen löschen.",
    "hand-back.save": "Die Arbeitsmappe als .xlsx oder .csv speichern und labflag wie jeden Export geben: in den "
    "Eingangsordner legen oder in `labflag run` nennen. Die ursprüngliche Datei muss nicht noch einmal geschickt "
    "werden, wenn labflag eine Historie führt; sonst beide nennen. Nicht im Ordner der Berichte lassen.",
    "hand-back.ours": "{hold} sagt, welche Zeile welcher Datei gemeint ist, {read_as}, wie ihre Zahlen und "
    "Daten gelesen wurden: beide so lassen. Die ursprüngliche Datei bleibt, wie sie ist.",
    "hand-back.replaces": "Die berichtigte Zeile tritt an die Stelle der ganzen ursprünglichen Zeile.",
    "hand-back.take-back": "Um eine Zeile ganz zurückzunehmen, alle ihre Zellen leeren außer denen von labflag.",
    "hand-back.stays": "Eine Zeile, die hier gelöscht wird, bleibt zurückgestellt; ebenso eine, die bleibt, "
    "wie sie ist, es sei denn, die Berichtigung einer anderen hat sie geklärt.",
    "hand-back.layout": "Die Datei wurde mit dem Layout {layout!r} gelesen. Wer es genannt hat, nennt es "
    "wieder.",
    "hand-back.left-out.one": "{count} weitere zurückgestellte Zeile hat hier keinen Platz; sie steht in "
    "issues.csv. Die Ursache dort beheben, wo exportiert wird.",
    "hand-back.left-out.many": "{count} weitere zurückgestellte Zeilen haben hier keinen Platz; sie stehen in "
    "issues.csv. Die Ursache dort beheben, wo exportiert wird.",
}
