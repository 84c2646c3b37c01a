// The API's shapes by the names we use for them.

import type { components } from "./schema";

type Schemas = components["schemas"];

export type Alert = Schemas["Alert"];
export type AlertWhole = Schemas["AlertWhole"];
export type Incident = Schemas["Incident"];
export type IncidentWhole = Schemas["IncidentWhole"];
export type Area = Schemas["AreaShown"];
export type Place = Schemas["PlaceShown"];
export type Device = Schemas["DeviceShown"];
export type Rule = Schemas["RuleRunning"];
export type CameraSeen = Schemas["CameraSeen"];
export type CameraLooks = Schemas["CameraLooks"];
export type CameraShape = Schemas["CameraShape"];
export type Me = Schemas["Me"];
export type User = Schemas["ResponderName"];
export type PictureCame = Schemas["PictureCame"];
export type Priority = "P1" | "P2" | "P3" | "P4";
export type RuleWhole = Schemas["RuleWhole"];
export type RuleVersion = Schemas["RuleVersion"];
export type Activation = Schemas["Activation"];
export type RulesFigures = Schemas["RulesFigures"];
export type RuleTrace = Schemas["RuleTrace"];
export type Backtest = Schemas["Backtest"];
export type ListedBacktest = Schemas["ListedBacktest"];
export type BacktestReport = Schemas["BacktestReport"];
export type BacktestTally = Schemas["BacktestTally"];
export type BacktestSpan = Schemas["BacktestSpan"];
export type DeviceEvent = Schemas["Event"];
export type Drill = Schemas["DrillShown"];
export type SheetRead = Schemas["SheetRead"];
export type DeadLetter = Schemas["DeadLetter"];
export type AuditLine = Schemas["AuditLine"];
export type RetentionClass = Schemas["RetentionClass"];
export type CountyLink = Schemas["CountyLink"];
export type CountyAlarm = Schemas["CountyAlarm"];
export type Shelf = Schemas["ShelfShown"];
export type Account = Schemas["AccountShown"];
export type Contact = Schemas["ContactShown"];
export type Message = Schemas["MessageShown"];
export type Policy = Schemas["Policy"];
