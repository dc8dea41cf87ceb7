BEGIN TRANSACTION;
CREATE TABLE decisions (
	id INTEGER NOT NULL, 
	at TEXT NOT NULL, 
	"by" TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	facts TEXT NOT NULL, 
	last_file INTEGER NOT NULL, 
	PRIMARY KEY (id)
);
CREATE TABLE events (
	id INTEGER NOT NULL, 
	at TEXT NOT NULL, 
	run_id TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	facts TEXT NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "events" VALUES(1,'2026-11-01T07:30:00','first','file-received','{"again": false, "bytes": 237, "held": 1, "ignored": 0, "read": 2, "sha256": "5ff1f4c0b9af8128311afe5e15e50e24d8fc26e013a4a0461c38e6695b15319f"}');
CREATE TABLE files (
	id INTEGER NOT NULL, 
	sha256 TEXT NOT NULL, 
	name TEXT NOT NULL, 
	size BIGINT NOT NULL, 
	received_at TEXT NOT NULL, 
	run_id TEXT NOT NULL, 
	basis TEXT NOT NULL, 
	layouts TEXT NOT NULL, 
	read BIGINT NOT NULL, 
	held BIGINT NOT NULL, 
	ignored BIGINT NOT NULL, 
	purged BIGINT NOT NULL, 
	returned TEXT NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (sha256)
);
INSERT INTO "files" VALUES(1,'5ff1f4c0b9af8128311afe5e15e50e24d8fc26e013a4a0461c38e6695b15319f','march.csv',237,'2026-11-01T07:30:00','first','b','[""]',2,1,0,0,'[]');
CREATE TABLE held (
	file_id INTEGER NOT NULL, 
	position BIGINT NOT NULL, 
	result_id BIGINT, 
	source_sheet TEXT DEFAULT '', 
	source_row BIGINT, 
	source_column TEXT DEFAULT '', 
	patient_id TEXT DEFAULT '', 
	patient_name TEXT DEFAULT '', 
	sex TEXT DEFAULT '', 
	birth_date TEXT, 
	age_days_low BIGINT, 
	age_days_high BIGINT, 
	age_months_low BIGINT, 
	age_months_high BIGINT, 
	population TEXT DEFAULT '', 
	accession TEXT DEFAULT '', 
	collected_at TEXT, 
	collected_precision TEXT DEFAULT '', 
	analyte TEXT DEFAULT '', 
	status TEXT DEFAULT '', 
	code TEXT DEFAULT '', 
	PRIMARY KEY (file_id, position), 
	FOREIGN KEY(file_id) REFERENCES files (id) ON DELETE CASCADE
);
INSERT INTO "held" VALUES(1,0,1,'',3,'value','P3','Clover Sample','F','1990-01-01T00:00:00.000000',13210,13210,434,434,'','S3','2026-03-03T00:00:00.000000','date','platelets','final','not-a-number');
CREATE TABLE issues (
	file_id INTEGER NOT NULL, 
	position BIGINT NOT NULL, 
	sheet TEXT DEFAULT '', 
	"row" BIGINT, 
	"column" TEXT DEFAULT '', 
	code TEXT DEFAULT '', 
	severity TEXT DEFAULT '', 
	message TEXT DEFAULT '', 
	result_id BIGINT, 
	PRIMARY KEY (file_id, position), 
	FOREIGN KEY(file_id) REFERENCES files (id) ON DELETE CASCADE
);
INSERT INTO "issues" VALUES(1,0,'',3,'value','not-a-number','error','The result is not a number that can be read without doubt. Enter a number such as 12.5, or a limit such as <150.',1);
CREATE TABLE meta (
	"key" TEXT NOT NULL, 
	value TEXT NOT NULL, 
	PRIMARY KEY ("key")
);
INSERT INTO "meta" VALUES('version','1');
CREATE TABLE observations (
	file_id INTEGER NOT NULL, 
	position BIGINT NOT NULL, 
	result_id BIGINT, 
	patient_id TEXT DEFAULT '', 
	accession TEXT DEFAULT '', 
	collected_at TEXT, 
	collected_precision TEXT DEFAULT '', 
	code TEXT DEFAULT '', 
	answer TEXT DEFAULT '', 
	number DOUBLE, 
	day TEXT, 
	status TEXT DEFAULT '', 
	source_sheet TEXT DEFAULT '', 
	source_row BIGINT, 
	source_column TEXT DEFAULT '', 
	PRIMARY KEY (file_id, position), 
	FOREIGN KEY(file_id) REFERENCES files (id) ON DELETE CASCADE
);
CREATE TABLE originals (
	file_id INTEGER NOT NULL, 
	content BLOB NOT NULL, 
	PRIMARY KEY (file_id), 
	FOREIGN KEY(file_id) REFERENCES files (id) ON DELETE CASCADE
);
INSERT INTO "originals" VALUES(1,X'7801BD53C16EDB300CFD95C0C7A16925CBF6ECDE8602C50E3B14E831080CDAA21A01B45DD872B720C8BF8F94E3A0197ADEC5D27B7AE2A349EA944C0748F32279DC24B973DA65AD6A2A70A54E4BA33538CC51E7982B4C335BBA362D50690319A8ACD0AD29B128AABCD1B9D1954BEE361C0D314C1C6D775AF612580E0E0816C77A1C7E33A3AF449426EF103CF6A1F656A42BEAA1C31813FFC8D2F8311C6A0B6121A17B27BCDC6807226C03DA1A8248A1073A2EBA0FA0395E987B1FCFA600619E923DCB3899E8BFE37C7657DBFF990467B14BC5FC454BDE3FA680E3E635FE9AE067F9E8AA545B956F5594BCC66FAAD262AB0C731B553E1A25BA9FD80D6F3434BE8FB7F47D2AEBDB83FD25ABF35C93642F86261A1A619F68F8F8CAB16247BD3A46E5D531A217E23690749A8374D01F65D5EA9B79986FDCA4CACE2359A9F3E973897942949CDE349B492DE4C41DE77D2AFB4F6D67CAC4E36BEF99C984B91900267321D729605C085E4681D17741711E1894022E43C1B0DA9F19131C8739ACB3CB7352FBA9BEA4CAAC039A906516C9779E7B26CA3BA981C5D6775C68C6F711739DEA61E4D167EA74FB33F15DFC93799288FD88D34CCB3392EC1AB0758B447158851831CC638F9663F633D1791591EF71119DFF028DEE2028');
CREATE TABLE published (
	folder TEXT NOT NULL, 
	path TEXT NOT NULL, 
	subject TEXT NOT NULL, 
	digest TEXT NOT NULL, 
	changed_at TEXT NOT NULL, 
	PRIMARY KEY (folder, path)
);
INSERT INTO "published" VALUES('.','patients/P1.xlsx','P1','d','2026-11-01T07:30:00');
CREATE TABLE results (
	file_id INTEGER NOT NULL, 
	position BIGINT NOT NULL, 
	result_id BIGINT, 
	source_sheet TEXT DEFAULT '', 
	source_row BIGINT, 
	source_column TEXT DEFAULT '', 
	patient_id TEXT DEFAULT '', 
	patient_name TEXT DEFAULT '', 
	sex TEXT DEFAULT '', 
	birth_date TEXT, 
	age_days_low BIGINT, 
	age_days_high BIGINT, 
	age_months_low BIGINT, 
	age_months_high BIGINT, 
	population TEXT DEFAULT '', 
	accession TEXT DEFAULT '', 
	collected_at TEXT, 
	collected_precision TEXT DEFAULT '', 
	analyte TEXT DEFAULT '', 
	status TEXT DEFAULT '', 
	comparator TEXT DEFAULT '', 
	original_text TEXT DEFAULT '', 
	original_value DOUBLE, 
	original_unit TEXT DEFAULT '', 
	value DOUBLE, 
	unit TEXT DEFAULT '', 
	reference_low DOUBLE, 
	reference_high DOUBLE, 
	flag TEXT DEFAULT '', 
	comment TEXT DEFAULT '', 
	PRIMARY KEY (file_id, position), 
	FOREIGN KEY(file_id) REFERENCES files (id) ON DELETE CASCADE
);
INSERT INTO "results" VALUES(1,0,0,'',2,'value','P1','Aster Sample','F','1980-05-01T00:00:00.000000',16740,16740,550,550,'','S1','2026-03-01T08:30:00.000000','time','hemoglobin','final','','11.2',11.2,'g/dL',112.0,'g/L',NULL,NULL,'','');
CREATE TABLE runs (
	id TEXT NOT NULL, 
	started_at TEXT NOT NULL, 
	finished_at TEXT NOT NULL, 
	version TEXT NOT NULL, 
	profile TEXT NOT NULL, 
	knowledge_version TEXT NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "runs" VALUES('first','2026-11-01T07:30:00','2026-11-01T07:30:00','0.1','','');
CREATE TABLE tombstones (
	sha256 TEXT NOT NULL, 
	at TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	PRIMARY KEY (sha256)
);
COMMIT;
